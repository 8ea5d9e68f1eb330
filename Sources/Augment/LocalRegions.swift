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
    let (query, key) = (pair.query.geometry, pair.key.geometry)
    let side = recipe.side * Double(query.width) * (query.scale * key.scale).squareRoot()
    let offsets = LocalRegions.offsets(points: recipe.points, side: side)
    var result = LocalRegions(count: recipe.count, points: recipe.points)
    var centres: [SIMD2<Double>] = []
    for _ in 0..<recipe.count * recipe.attempts where centres.count < recipe.count {
      let drawn = SIMD2(
        generator.uniform() * Double(query.width - 1),
        generator.uniform() * Double(query.height - 1))
      let centre = query.slicePoint(ofViewPoint: drawn)
      guard slice.contains(centre), key.contains(key.viewPoint(ofSlicePoint: centre)) else {
        continue
      }
      if result.add(centre, offsets, slice, query, key) { centres.append(centre) }
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
    result.slicePoints = [Float](repeating: 0, count: count * points * points * 2)
    (result.queryPoints, result.keyPoints) = (result.slicePoints, result.slicePoints)
    result.overlap = (0..<count * count).map { $0 / count == $0 % count ? 0 : 1 }
    return result
  }

  private init(count: Int, points: Int) {
    (self.count, self.points, isValid) = (count, points, false)
    (slicePoints, queryPoints, keyPoints, overlap) = ([], [], [], [])
  }

  /// Adds the region around `centre` if all its points lie in the slice and in both views.
  private mutating func add(
    _ centre: SIMD2<Double>, _ offsets: [SIMD2<Double>], _ slice: ViewGeometry,
    _ query: ViewGeometry, _ key: ViewGeometry
  ) -> Bool {
    var seen: [(slice: SIMD2<Double>, query: SIMD2<Double>, key: SIMD2<Double>)] = []
    for offset in offsets {
      let point = centre + offset
      let (q, k) = (query.viewPoint(ofSlicePoint: point), key.viewPoint(ofSlicePoint: point))
      guard slice.contains(point), query.contains(q), key.contains(k) else { return false }
      seen.append((point, query.normalised(q), key.normalised(k)))
    }
    for points in seen {
      slicePoints += [Float(points.slice.x), Float(points.slice.y)]
      queryPoints += [Float(points.query.x), Float(points.query.y)]
      keyPoints += [Float(points.key.x), Float(points.key.y)]
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
    for (i, a) in centres.enumerated() {
      for (j, b) in centres.enumerated() {
        result.append(i != j && abs(a.x - b.x) < side && abs(a.y - b.y) < side ? 1 : 0)
      }
    }
    return result
  }
}
