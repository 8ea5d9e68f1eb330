/// A smooth factor over a view, as of a surface coil's sensitivity: a uniform cubic B-spline of
/// positive coefficients, and so positive itself.
public struct BiasField: Sendable, Codable, Equatable {
  /// Cells along a side.
  public var cells: Int
  /// Its coefficients, `(cells + 3) × (cells + 3)`, x fastest.
  public var gains: [Float]

  /// Makes a field; there must be `(cells + 3)²` gains.
  public init(cells: Int, gains: [Float]) {
    precondition(
      cells > 0 && gains.count == (cells + 3) * (cells + 3), "gains do not fit the grid")
    (self.cells, self.gains) = (cells, gains)
  }

  /// Gains from `exp(−strength)` to `exp(strength)`, logarithmic.
  static func draw(cells: Int, strength: Double, using generator: inout Philox) -> BiasField {
    let count = (cells + 3) * (cells + 3)
    return BiasField(
      cells: cells,
      gains: (0..<count).map { _ in
        Float(exponential(generator.uniform(in: -strength...strength)))
      })
  }

  /// Random words that drawing a field takes: two for each coefficient.
  static func words(cells: Int) -> Int { 2 * (cells + 3) * (cells + 3) }

  /// The factor at a point of a view of `width × height` pixels.
  public func factor(at point: SIMD2<Double>, width: Int, height: Int) -> Double {
    let spacing = SIMD2(Double(width), Double(height)) / Double(cells)
    return SplinePlace(point, cells: cells, spacing: spacing).value(of: gains)
  }
}
