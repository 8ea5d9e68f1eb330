/// A smooth displacement of the plane: a uniform cubic B-spline over a coarse grid of control
/// points (Rueckert et al., IEEE TMI 1999, equation 1), constant beyond the view's edges.
///
/// The view `[−½, width − ½] × [−½, height − ½]` is cut into `cells × cells` cells. Control
/// displacements below ``limit`` times a cell's side make the map `u + d(u)` a contraction's
/// neighbour of the identity: one to one, and its inverse is found by repetition.
public struct ElasticField: Sendable, Codable, Equatable {
  /// The largest control displacement in cells for which the map surely has an inverse.
  ///
  /// The derivative of a cubic B-spline is at most 1.5 times its largest coefficient, in each of
  /// two directions, so that the displacement is a contraction below ⅓.
  public static let limit = 0.25

  /// Cells along a side.
  public var cells: Int
  /// Pixels of a cell along x and y.
  public var spacing: SIMD2<Double>
  /// Displacements along x in view pixels, `(cells + 3) × (cells + 3)`, x fastest.
  public var x: [Float]
  /// Displacements along y, likewise.
  public var y: [Float]

  /// Makes a field; both lists must hold `(cells + 3)²` displacements.
  public init(cells: Int, spacing: SIMD2<Double>, x: [Float], y: [Float]) {
    let count = (cells + 3) * (cells + 3)
    precondition(cells > 0 && x.count == count && y.count == count, "controls do not fit the grid")
    (self.cells, self.spacing, self.x, self.y) = (cells, spacing, x, y)
  }

  /// A field over a view of `width × height` pixels with displacements up to `strength` cells.
  ///
  /// - Parameter strength: at most ``limit``; more is cut to it.
  static func draw(
    cells: Int, strength: Double, width: Int, height: Int, using generator: inout Philox
  ) -> ElasticField {
    let spacing = SIMD2(Double(width), Double(height)) / Double(cells)
    let reach = min(max(strength, 0), limit) * spacing
    let count = (cells + 3) * (cells + 3)
    let x = (0..<count).map { _ in Float(generator.uniform(in: -reach.x...reach.x)) }
    let y = (0..<count).map { _ in Float(generator.uniform(in: -reach.y...reach.y)) }
    return ElasticField(cells: cells, spacing: spacing, x: x, y: y)
  }

  /// The displacement at a point of the view, in view pixels.
  public func displacement(at point: SIMD2<Double>) -> SIMD2<Double> {
    let place = SplinePlace(point, cells: cells, spacing: spacing)
    return SIMD2(place.value(of: x), place.value(of: y))
  }

  /// The point `u` with `u + displacement(at: u) = target`, to 1e-9 pixels.
  func source(of target: SIMD2<Double>) -> SIMD2<Double> {
    var point = target
    for _ in 0..<100 {
      let next = target - displacement(at: point)
      let step = next - point
      point = next
      if (step * step).sum() < 1e-18 { break }
    }
    return point
  }
}

/// A point's place in the grid of a uniform cubic B-spline over a view.
struct SplinePlace {
  private let first: Int
  private let stride: Int
  private let across: SIMD4<Double>
  private let down: SIMD4<Double>

  /// Finds the cell of a view point; beyond the view's edges, the nearest one on them.
  init(_ point: SIMD2<Double>, cells: Int, spacing: SIMD2<Double>) {
    let position = ((point + 0.5) / spacing).clamped(
      lowerBound: .zero, upperBound: .init(repeating: Double(cells)))
    let (column, row) = (min(Int(position.x), cells - 1), min(Int(position.y), cells - 1))
    stride = cells + 3
    first = row * stride + column
    across = SplinePlace.weights(position.x - Double(column))
    down = SplinePlace.weights(position.y - Double(row))
  }

  /// The spline with the given `(cells + 3)²` coefficients at this place.
  func value(of controls: [Float]) -> Double {
    var sum = 0.0
    for j in 0..<4 {
      let start = first + j * stride
      for i in 0..<4 { sum += across[i] * down[j] * Double(controls[start + i]) }
    }
    return sum
  }

  /// The four values of the cubic B-spline basis at `t` in 0…1.
  private static func weights(_ t: Double) -> SIMD4<Double> {
    let (t2, t3, s) = (t * t, t * t * t, 1 - t)
    return SIMD4(s * s * s, 3 * t3 - 6 * t2 + 4, 3 * (t + t2 - t3) + 1, t3) / 6
  }
}
