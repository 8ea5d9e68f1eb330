/// Regions of the slice that both views of a pair see, for local contrast.
///
/// A region is an s×s grid of points in slice coordinates. Each view's own geometry says where it
/// sees them, so they agree under rotation, shear and elastic fields, where boxes would not.
public struct LocalRegions: Sendable, Equatable {
  /// Regions, R.
  public var count: Int
  /// Points along a side, s.
  public var points: Int
  /// Whether the overlap had room for all regions. If not, the points are all 0, the overlap is
  /// full, and the pair must be left out of the local loss.
  public var isValid: Bool
  /// The points in slice pixels, R×s×s×2, `(x, y)`, x along the third axis.
  public var slicePoints: [Float]
  /// Where the query view sees them, R×s×s×2, in `grid_sample`'s coordinates with
  /// `align_corners=false`.
  public var queryPoints: [Float]
  /// Where the key view sees them, likewise.
  public var keyPoints: [Float]
  /// R×R, 1 where two different regions overlap in the slice and so are no negatives of each
  /// other. Symmetric, 0 on the diagonal: a region is its own positive.
  public var overlap: [UInt8]

  /// Draws regions of equal side, anywhere that lies within the slice and within both views.
  public static func draw(
    _ pair: CropPair, _ recipe: RegionRecipe, sliceHeight: Int, sliceWidth: Int,
    using generator: inout Philox
  ) -> LocalRegions {
    let slice = ViewGeometry.identity(width: sliceWidth, height: sliceHeight)
    let (query, key) = (RegionView(pair.query.geometry), RegionView(pair.key.geometry))
    let scale = (query.geometry.scale * key.geometry.scale).squareRoot()
    let side = recipe.side * Double(query.geometry.width) * scale
    let offsets = LocalRegions.offsets(points: recipe.points, side: side)
    var result = LocalRegions(count: recipe.count, points: recipe.points)
    var centres: [SIMD2<Double>] = []
    centres.reserveCapacity(recipe.count)
    for _ in 0..<recipe.count * recipe.attempts where centres.count < recipe.count {
      let drawn = SIMD2(
        generator.uniform() * Double(query.geometry.width - 1),
        generator.uniform() * Double(query.geometry.height - 1))
      let centre = query.geometry.slicePoint(ofViewPoint: drawn)
      guard slice.contains(centre + offsets[0]), slice.contains(centre - offsets[0]),
        key.mayContain(centre)
      else { continue }
      if result.place(centres.count, centre, seenAt: drawn, offsets, query, key) {
        centres.append(centre)
      }
    }
    guard centres.count == recipe.count else {
      return .none(count: recipe.count, points: recipe.points)
    }
    result.isValid = true
    result.overlap = overlaps(centres, side: side)
    return result
  }

  /// What stands for a pair whose views overlap too little.
  static func none(count: Int, points: Int) -> LocalRegions {
    var result = LocalRegions(count: count, points: points)
    result.overlap = (0..<count * count).map { $0 / count == $0 % count ? 0 : 1 }
    return result
  }

  private init(count: Int, points: Int) {
    (self.count, self.points, isValid) = (count, points, false)
    let zeros = [Float](repeating: 0, count: count * points * points * 2)
    (slicePoints, queryPoints, keyPoints, overlap) = (zeros, zeros, zeros, [])
  }

  /// Puts region `n` around `centre` if both views see all of its points.
  private mutating func place(
    _ n: Int, _ centre: SIMD2<Double>, seenAt drawn: SIMD2<Double>, _ offsets: [SIMD2<Double>],
    _ query: RegionView, _ key: RegionView
  ) -> Bool {
    guard let middle = key.point(of: centre, near: nil) else { return false }
    for (i, offset) in offsets.enumerated() {
      let point = centre + offset
      guard let q = query.point(of: point, near: drawn + query.turned(offset)),
        let k = key.point(of: point, near: middle + key.turned(offset))
      else { return false }
      let at = 2 * (n * offsets.count + i)
      (slicePoints[at], slicePoints[at + 1]) = (Float(point.x), Float(point.y))
      let (u, v) = (query.geometry.normalised(q), key.geometry.normalised(k))
      (queryPoints[at], queryPoints[at + 1]) = (Float(u.x), Float(u.y))
      (keyPoints[at], keyPoints[at + 1]) = (Float(v.x), Float(v.y))
    }
    return true
  }

  /// The points of a region about its centre: the centres of s×s equal cells.
  private static func offsets(points: Int, side: Double) -> [SIMD2<Double>] {
    func place(_ i: Int) -> Double { ((Double(i) + 0.5) / Double(points) - 0.5) * side }
    return (0..<points).flatMap { y in (0..<points).map { x in SIMD2(place(x), place(y)) } }
  }

  /// Which squares of the given side overlap another.
  private static func overlaps(_ centres: [SIMD2<Double>], side: Double) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(centres.count * centres.count)
    for (i, a) in centres.enumerated() {
      for (j, b) in centres.enumerated() {
        result.append(i != j && abs(a.x - b.x) < side && abs(a.y - b.y) < side ? 1 : 0)
      }
    }
    return result
  }
}

/// A view that many points of the slice are looked for in: what they have in common is found once.
private struct RegionView {
  let geometry: ViewGeometry
  private let back: PlanarAffine
  /// How far the elastic field moves a point at most.
  private let reach: SIMD2<Double>

  init(_ geometry: ViewGeometry) {
    self.geometry = geometry
    back = geometry.affine.inverse
    func largest(_ controls: [Float]?) -> Double {
      Double(controls?.reduce(0) { max($0, abs($1)) } ?? 0)
    }
    reach = SIMD2(largest(geometry.elastic?.x), largest(geometry.elastic?.y))
  }

  /// A step in the slice as a step in the view, but for the elastic field.
  func turned(_ step: SIMD2<Double>) -> SIMD2<Double> { back.x * step.x + back.y * step.y }

  /// False where not even the elastic field can bring a slice point into the view.
  func mayContain(_ point: SIMD2<Double>) -> Bool {
    let place = back(point)
    return place.x >= -reach.x && place.y >= -reach.y
      && place.x <= Double(geometry.width - 1) + reach.x
      && place.y <= Double(geometry.height - 1) + reach.y
  }

  /// Where the view sees a slice point, found from a guess; nil when that lies outside the view.
  func point(of slicePoint: SIMD2<Double>, near guess: SIMD2<Double>?) -> SIMD2<Double>? {
    let displaced = back(slicePoint)
    let seen = geometry.elastic?.source(of: displaced, from: guess ?? displaced) ?? displaced
    return geometry.contains(seen) ? seen : nil
  }
}
