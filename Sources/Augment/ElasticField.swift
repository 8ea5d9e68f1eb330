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

  /// Random words that drawing a field takes: two for each displacement along x and y.
  static func words(cells: Int) -> Int { 4 * (cells + 3) * (cells + 3) }

  /// The displacement at a point of the view, in view pixels.
  public func displacement(at point: SIMD2<Double>) -> SIMD2<Double> {
    let place = SplinePlace(point, cells: cells, spacing: spacing)
    return SIMD2(place.value(of: x), place.value(of: y))
  }

  /// The point `u` with `u + displacement(at: u) = target`, to 1e-9 pixels, found from a guess.
  ///
  /// Newton's steps double the right digits, so the one that is shorter than 1e-5 is the last. Only where they
  /// cross the edge of the view, beyond which the field is constant, may they fail to settle; repetition,
  /// which always does, goes on from there.
  func source(of target: SIMD2<Double>, from guess: SIMD2<Double>) -> SIMD2<Double> {
    var point = guess
    for _ in 0..<8 {
      let here = jet(at: point)
      let miss = target - point - here.value
      let (x, y) = (here.alongX + SIMD2(1, 0), here.alongY + SIMD2(0, 1))
      let step = SIMD2(y.y * miss.x - y.x * miss.y, x.x * miss.y - x.y * miss.x)
      point += step / (x.x * y.y - x.y * y.x)
      let moved = (step * step).sum()
      if moved < 1e-10 { return point }
    }
    return repeated(target, from: point)
  }

  private func repeated(_ target: SIMD2<Double>, from guess: SIMD2<Double>) -> SIMD2<Double> {
    var point = guess
    for _ in 0..<100 {
      let next = target - displacement(at: point)
      let step = next - point
      point = next
      if (step * step).sum() < 1e-18 { break }
    }
    return point
  }

  /// The displacement at a point, and its derivatives.
  @inline(__always)
  private func jet(
    at point: SIMD2<Double>
  ) -> (value: SIMD2<Double>, alongX: SIMD2<Double>, alongY: SIMD2<Double>) {
    let place = SplinePlace(point, cells: cells, spacing: spacing)
    let slopes = place.slopes(at: point, cells: cells, spacing: spacing)
    let (u, v) = (place.jet(of: x, slopes), place.jet(of: y, slopes))
    return (SIMD2(u.x, v.x), SIMD2(u.y, v.y), SIMD2(u.z, v.z))
  }
}

/// The values of the basis at each of `side` pixels, side × (cells + 3): a spline over a view is the
/// product of the rows' values, its coefficients, and the columns' values.
package func splineBasis(cells: Int, side: Int) -> [Float] {
  let spacing = SIMD2(repeating: Double(side) / Double(cells))
  return (0..<side).flatMap { pixel in
    let place = SplinePlace(SIMD2(Double(pixel), 0), cells: cells, spacing: spacing)
    return place.across(of: cells).map { Float($0) }
  }
}

/// A point's place in the grid of a uniform cubic B-spline over a view.
struct SplinePlace {
  private let column: Int
  private let row: Int
  private let stride: Int
  private let across: SIMD4<Double>
  private let down: SIMD4<Double>

  /// Finds the cell of a view point; beyond the view's edges, the nearest one on them.
  @inline(__always)
  init(_ point: SIMD2<Double>, cells: Int, spacing: SIMD2<Double>) {
    // Not `clamped`, which is a call for each number.
    let (place, last) = ((point + 0.5) / spacing, Double(cells))
    let position = SIMD2(min(max(place.x, 0), last), min(max(place.y, 0), last))
    (column, row) = (min(Int(position.x), cells - 1), min(Int(position.y), cells - 1))
    stride = cells + 3
    across = SplinePlace.weights(position.x - Double(column))
    down = SplinePlace.weights(position.y - Double(row))
  }

  private var first: Int { row * stride + column }

  /// The spline with the given `(cells + 3)²` coefficients at this place.
  func value(of controls: [Float]) -> Double {
    var sum = 0.0
    for j in 0..<4 {
      let start = first + j * stride
      for i in 0..<4 { sum += across[i] * down[j] * Double(controls[start + i]) }
    }
    return sum
  }

  /// The derivatives of the four weights along x and along y; 0 beyond the view's edges.
  @inline(__always)
  func slopes(
    at point: SIMD2<Double>, cells: Int, spacing: SIMD2<Double>
  ) -> (across: SIMD4<Double>, down: SIMD4<Double>) {
    let position = (point + 0.5) / spacing
    func slope(_ position: Double, _ first: Int, _ spacing: Double) -> SIMD4<Double> {
      guard position >= 0 && position <= Double(cells) else { return .zero }
      let t = position - Double(first)
      let (t2, s) = (t * t, 1 - t)
      let (w1, w2) = (3 * t2 - 4 * t, 1 + 2 * t - 3 * t2)
      return SIMD4<Double>(-s * s, w1, w2, t2) / (2 * spacing)
    }
    return (slope(position.x, column, spacing.x), slope(position.y, row, spacing.y))
  }

  /// The spline with the given coefficients and its derivatives along x and y at this place.
  @inline(__always)
  func jet(
    of controls: [Float], _ slopes: (across: SIMD4<Double>, down: SIMD4<Double>)
  ) -> SIMD3<Double> {
    controls.withUnsafeBufferPointer { controls in
      func row(_ j: Int) -> SIMD4<Double> {
        let at = first + j * stride
        return SIMD4(
          Double(controls[at]), Double(controls[at + 1]), Double(controls[at + 2]),
          Double(controls[at + 3]))
      }
      let (a, b, c, d) = (row(0), row(1), row(2), row(3))
      func blended(_ w: SIMD4<Double>) -> SIMD4<Double> {
        let (upper, lower) = (a * w[0] + b * w[1], c * w[2] + d * w[3])
        return upper + lower
      }
      let (line, slope) = (blended(down), blended(slopes.down))
      return SIMD3(
        (line * across).sum(), (line * slopes.across).sum(), (slope * across).sum())
    }
  }

  /// What each of the `cells + 3` coefficients of a line along x counts here.
  fileprivate func across(of cells: Int) -> [Double] {
    (0..<cells + 3).map { (0..<4).contains($0 - column) ? across[$0 - column] : 0 }
  }

  /// The four values of the cubic B-spline basis at `t` in 0…1.
  @inline(__always)
  private static func weights(_ t: Double) -> SIMD4<Double> {
    let (t2, t3, s) = (t * t, t * t * t, 1 - t)
    return SIMD4(s * s * s, 3 * t3 - 6 * t2 + 4, 3 * (t + t2 - t3) + 1, t3) / 6
  }
}
