import Testing
import Torch

/// Compares the derivative of a scalar function in float64 with finite differences, at every element
/// of every input.
func expectGradients(
  of inputs: [Tensor], step: Double = 1e-6, tolerance: Double = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Tensor]) -> Tensor
) throws {
  let leaves = inputs.map { $0.to(.float64).clone().requiringGradient() }
  let gradients = function(leaves).gradients(of: leaves)
  for (place, leaf) in leaves.enumerated() {
    let values = try leaf.detached().array(of: Double.self)
    let found = try gradients[place].array(of: Double.self)
    for index in values.indices {
      func value(_ change: Double) throws -> Double {
        var moved = values
        moved[index] += change
        var all = leaves.map { $0.detached() }
        all[place] = try Tensor(moved, leaf.shape)
        return try withoutGradients { function(all) }.item()
      }
      let expected = try (value(step) - value(-step)) / (2 * step)
      let close = abs(found[index] - expected) < tolerance * max(1, abs(expected))
      #expect(
        close, "input \(place) element \(index): \(found[index]), differences \(expected)",
        sourceLocation: sourceLocation)
      if !close { return }
    }
  }
}

/// Rows of length 1, N×D.
func unitRows(_ count: Int, _ width: Int, seed: UInt64) -> Tensor {
  Tensor.randomNormal([count, width], seed: seed).normalized(axis: 1)
}
