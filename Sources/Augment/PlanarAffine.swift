/// An affine map of the plane, from pixels to pixels; a whole coordinate is a pixel's centre.
public struct PlanarAffine: Sendable, Codable, Equatable {
  /// The step for one pixel along x.
  public var x: SIMD2<Double>
  /// The step for one pixel along y.
  public var y: SIMD2<Double>
  /// Where (0, 0) goes.
  public var origin: SIMD2<Double>

  /// Makes a map from its columns.
  public init(x: SIMD2<Double>, y: SIMD2<Double>, origin: SIMD2<Double>) {
    (self.x, self.y, self.origin) = (x, y, origin)
  }

  /// The map that leaves every point where it is.
  public static let identity = PlanarAffine(x: [1, 0], y: [0, 1], origin: [0, 0])

  /// Where `point` goes.
  public func callAsFunction(_ point: SIMD2<Double>) -> SIMD2<Double> {
    x * point.x + y * point.y + origin
  }

  /// The area of a pixel after the map, negative when the map mirrors.
  public var determinant: Double { x.x * y.y - x.y * y.x }

  /// The map back. The determinant must not be 0.
  public var inverse: PlanarAffine {
    let d = determinant
    let (ix, iy) = (SIMD2(y.y, -x.y) / d, SIMD2(-y.x, x.x) / d)
    return PlanarAffine(x: ix, y: iy, origin: -(ix * origin.x + iy * origin.y))
  }
}
