import Foundation

extension Grid {
  /// The order of axes under which this grid runs along `other`'s axes: axes and flips for
  /// ``reordered(axes:flips:)``.
  ///
  /// It looks at the grids alone, not at the patient, so that two orders of one oblique or sheared
  /// grid are always brought together.
  public func order(along other: Grid) -> (axes: [Int], flips: [Bool]) {
    let (own, wanted) = (affine.direction, other.affine.direction)
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    func alignment(_ order: [Int]) -> Double {
      (0..<3).map { abs(dot(own[order[$0]], wanted[$0])) }.reduce(0, +)
    }
    var best = orders[0]
    for order in orders where alignment(order) > alignment(best) + 1e-9 { best = order }
    return (best, (0..<3).map { dot(own[best[$0]], wanted[$0]) < 0 })
  }

  /// The order of axes under which this grid is `target`; nil when they do not hold the same voxels,
  /// see ``sharesVoxels(with:)``.
  public func order(of target: Grid) -> (axes: [Int], flips: [Bool])? {
    let order = order(along: target)
    let turned = reordered(axes: order.axes, flips: order.flips)
    return turned.sharesVoxels(with: target) ? order : nil
  }
}

/// How a mask's grid differs from its volume's, once their axes are in the same order.
public struct GridDifference: Sendable, Codable, Equatable {
  /// Millimetres between the centres of the two boxes, to a hundredth.
  public var shift: Double
  /// Millimetres between the mask's voxels over those between the volume's, along the volume's x, y
  /// and z, to a thousandth.
  public var spacingRatio: [Double]
  /// Degrees of the largest angle between two axes, to a hundredth.
  public var angle: Double
  /// The mask's voxels along the volume's x, y and z.
  public var size: [Int]

  /// Compares a mask's grid with that of a volume.
  public init(_ mask: Grid, _ volume: Grid) {
    let (axes, flips) = mask.order(along: volume)
    let turned = mask.reordered(axes: axes, flips: flips)
    func centre(_ grid: Grid) -> SIMD3<Double> {
      grid.affine(SIMD3<Double>(grid.size &- SIMD3(repeating: 1)) / 2)
    }
    func rounded(_ value: Double, _ parts: Double) -> Double { (value * parts).rounded() / parts }
    shift = rounded(length(centre(turned) - centre(volume)), 100)
    let (own, other) = (turned.affine.spacing, volume.affine.spacing)
    spacingRatio = (0..<3).map { rounded(own[$0] / other[$0], 1000) }
    let cosines = zip(turned.affine.direction, volume.affine.direction).map { dot($0, $1) }
    angle = rounded(acos(min(cosines.min() ?? 1, 1)) * 180 / .pi, 100)
    size = [turned.size.x, turned.size.y, turned.size.z]
  }
}

extension GridDifference: CustomStringConvertible {
  /// `centres 1.5 mm apart, voxels 1.0×1.0×2.0 as large, axes turned by 0.0°, 4×3×1 voxels`
  public var description: String {
    let ratios = spacingRatio.map { "\($0)" }.joined(separator: "×")
    let sizes = size.map { "\($0)" }.joined(separator: "×")
    return "centres \(shift) mm apart, voxels \(ratios) as large, axes turned by \(angle)°, "
      + "\(sizes) voxels"
  }
}
