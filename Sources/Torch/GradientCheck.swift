/// The largest difference between the derivatives of a scalar function and central differences, relative to the largest
/// derivative (or to 1 where all are smaller), over every element of every input.
///
/// The inputs must be float64 on the CPU; the function must be a pure one, without random numbers or running statistics
/// that change its value.
package func gradientError(
  of inputs: [Tensor], step: Double = 1e-6, _ function: ([Tensor]) -> Tensor
) throws(TorchError) -> Double {
  require(inputs.allSatisfy { $0.dtype == .float64 }, "finite differences need float64")
  let leaves = inputs.map { $0.detached().contiguous().clone().requiringGradient() }
  let analytic = function(leaves).gradients(of: leaves)
  var (worst, scale) = (0.0, 1.0)
  for (index, leaf) in leaves.enumerated() {
    let expected = try analytic[index].array(of: Double.self)
    let values = try leaf.array(of: Double.self)
    for place in values.indices {
      var sides: [Double] = []
      for sign in [1.0, -1.0] {
        var moved = values
        moved[place] += sign * step
        var arguments = leaves
        arguments[index] = try Tensor(moved, leaf.shape)
        sides.append(try withoutGradients { function(arguments) }.item())
      }
      let numeric = (sides[0] - sides[1]) / (2 * step)
      worst = max(worst, abs(numeric - expected[place]))
      scale = max(scale, abs(expected[place]))
    }
  }
  return worst / scale
}
