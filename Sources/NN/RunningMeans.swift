import Torch

/// Means of scalars over steps, which stay on their device until they are asked for: all in one copy then.
public struct RunningMeans {
  private var sums: Tensor?
  /// Steps that were added.
  public private(set) var steps = 0

  /// Of no step yet.
  public init() {}

  /// Adds a step's scalars, always the same ones in the same order. Derivatives of theirs are let go.
  public mutating func add(_ scalars: [Tensor]) {
    withoutGradients {
      let found = Tensor.stacked(scalars.map { $0.detached() }).to(.float64)
      if let sums { sums.add(found) } else { sums = found }
    }
    steps += 1
  }

  /// The means in the order of the scalars; empty of no step. One that is not finite has been so in a step.
  public func read() throws(TorchError) -> [Double] {
    guard let sums else { return [] }
    return try sums.array(of: Double.self).map { $0 / Double(steps) }
  }
}

/// Whether all elements of all tensors, of one device, that hold floating-point numbers are finite; read in one copy.
package func areFinite(_ tensors: some Sequence<Tensor>) throws(TorchError) -> Bool {
  let flags = tensors.filter(\.dtype.isFloatingPoint).map { $0.detached().isFinite().all() }
  guard !flags.isEmpty else { return true }
  return try Tensor.stacked(flags).all().item() == 1
}
