/// Which way the three axes of a grid run in the patient, to the nearest anatomical direction.
///
/// Written as three letters that each axis runs *towards*: `LPS` is DICOM's frame itself.
public struct Orientation: Sendable, Hashable, CustomStringConvertible {
  /// For each grid axis, the patient axis (0 left–right, 1 front–back, 2 feet–head) it follows.
  public var axes: [Int]
  /// For each grid axis, +1 when it runs towards left, back or head, −1 otherwise.
  public var signs: [Int]

  /// Three letters such as `LPS` or `RAS`.
  public var description: String {
    zip(axes, signs).map { axis, sign in (sign > 0 ? ["L", "P", "S"] : ["R", "A", "I"])[axis] }
      .joined()
  }
}

extension Affine {
  /// The nearest anatomical orientation: each patient axis is used once, and the assignment
  /// of axes that gives the largest sum of absolute cosines wins.
  public var orientation: Orientation {
    let d = direction
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    func alignment(_ order: [Int]) -> Double {
      (0..<3).map { abs(d[$0][order[$0]]) }.reduce(0, +)
    }
    var best = orders[0]
    for order in orders where alignment(order) > alignment(best) + 1e-9 { best = order }
    return Orientation(axes: best, signs: (0..<3).map { d[$0][best[$0]] < 0 ? -1 : 1 })
  }
}
