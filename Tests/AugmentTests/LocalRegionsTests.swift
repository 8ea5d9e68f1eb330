import Augment
import Testing

@Suite struct LocalRegionsTests {
  let slice = CodedSlice(width: 96, height: 80)

  private func draw(
    _ ordinal: UInt64, _ regions: RegionRecipe = RegionRecipe(), area: ClosedRange<Double> = 0.5...1
  ) -> (CropPair, LocalRegions) {
    var recipe = CropPairRecipe()
    recipe.size = 48
    recipe.intensity = .identity
    recipe.geometry = GeometryRecipe(
      area: area, shear: -5...5, flip: .both, elastic: 0.1, elasticProbability: 0.7)
    var generator = Philox(seed: 11, ordinal: ordinal)
    let pair = CropPair.draw(recipe, sliceHeight: 80, sliceWidth: 96, using: &generator)
    let drawn = LocalRegions.draw(
      pair, regions, sliceHeight: 80, sliceWidth: 96, using: &generator)
    return (pair, drawn)
  }

  @Test func pointsLieInSliceAndBothViews() {
    for ordinal in 0..<20 as Range<UInt64> {
      let (_, regions) = draw(ordinal)
      guard regions.isValid else { continue }
      #expect((regions.queryPoints + regions.keyPoints).allSatisfy { abs($0) <= 47.0 / 48 + 1e-6 })
      for i in stride(from: 0, to: regions.slicePoints.count, by: 2) {
        #expect((0...95).contains(regions.slicePoints[i]))
        #expect((0...79).contains(regions.slicePoints[i + 1]))
      }
    }
    #expect((0..<20).filter { draw($0).1.isValid }.count > 15)
  }

  @Test func bothViewsSeeARegionAtItsPlaceInTheSlice() {
    let (pair, regions) = draw(3)
    #expect(regions.isValid)
    for (view, points) in [(pair.query, regions.queryPoints), (pair.key, regions.keyPoints)] {
      for i in stride(from: 0, to: points.count, by: 2) {
        let u = SIMD2(Double(points[i]) + 1, Double(points[i + 1]) + 1) * 24 - 0.5
        let seen = view.slicePoint(ofViewPoint: u)
        #expect(abs(seen.x - Double(regions.slicePoints[i])) < 1e-3)
        #expect(abs(seen.y - Double(regions.slicePoints[i + 1])) < 1e-3)
      }
    }
  }

  /// `grid_sample` of the views themselves: equal means, as the slice's pixels are coordinates.
  @Test func theMeansOfARegionAreEqualInBothViews() {
    for ordinal in 0..<6 as Range<UInt64> {
      let (pair, regions) = draw(ordinal)
      guard regions.isValid else { continue }
      let query = means(slice.seen(by: pair.query), regions, regions.queryPoints)
      let key = means(slice.seen(by: pair.key), regions, regions.keyPoints)
      let truth = regions.slicePoints.chunked(18).map { $0.chunked(2).map { $0[0] } }
      for r in 0..<regions.count {
        #expect(abs(query[r].x - key[r].x) < 0.1 && abs(query[r].y - key[r].y) < 0.1)
        #expect(abs(query[r].x - Double(truth[r].reduce(0, +)) / 9) < 0.1)
      }
    }
  }

  @Test func overlapsAreThoseOfTheSquaresInTheSlice() {
    for ordinal in 0..<6 as Range<UInt64> {
      let (pair, regions) = draw(ordinal)
      guard regions.isValid else { continue }
      let side = 0.125 * 48 * (pair.query.geometry.scale * pair.key.geometry.scale).squareRoot()
      let centres = regions.slicePoints.chunked(18).map { SIMD2(Double($0[8]), Double($0[9])) }
      for i in 0..<24 {
        #expect(regions.overlap[i * 24 + i] == 0)
        for j in 0..<24 where i != j {
          let gap = centres[i] - centres[j]
          let apart = max(abs(gap.x), abs(gap.y)) - side
          guard abs(apart) > 1e-3 else { continue }
          #expect(regions.overlap[i * 24 + j] == (apart < 0 ? 1 : 0))
          #expect(regions.overlap[i * 24 + j] == regions.overlap[j * 24 + i])
        }
      }
    }
  }

  @Test func viewsApartHaveNoRegions() {
    var pair = draw(0).0
    pair.query.geometry = .identity(width: 20, height: 20)
    pair.key.geometry = .identity(width: 20, height: 20)
    pair.key.geometry.affine.origin = [60, 50]
    var generator = Philox(seed: 1, ordinal: 1)
    let regions = LocalRegions.draw(
      pair, RegionRecipe(), sliceHeight: 80, sliceWidth: 96, using: &generator)
    #expect(!regions.isValid)
    #expect(regions.queryPoints.count == 24 * 9 * 2)
    #expect(regions.queryPoints.allSatisfy { $0 == 0 })
    #expect(regions.overlap.map(Int.init).reduce(0, +) == 24 * 23)
  }

  private func means(
    _ seen: [Float], _ regions: LocalRegions, _ points: [Float]
  ) -> [SIMD2<Double>] {
    points.chunked(18).map { region in
      region.chunked(2).reduce(SIMD2<Double>.zero) { sum, point in
        let (x, y) = (Double(point[0] + 1) * 24 - 0.5, Double(point[1] + 1) * 24 - 0.5)
        return sum + SIMD2(bilinear(seen[..<2304], x, y), bilinear(seen[2304...], x, y)) / 9
      }
    }
  }

  private func bilinear(_ image: ArraySlice<Float>, _ x: Double, _ y: Double) -> Double {
    let (u, v) = (min(max(x, 0), 47), min(max(y, 0), 47))
    let (i, j) = (min(Int(u), 46), min(Int(v), 46))
    let (a, b) = (u - Double(i), v - Double(j))
    func at(_ j: Int, _ i: Int) -> Double { Double(image[image.startIndex + j * 48 + i]) }
    let upper = at(j, i) * (1 - a) + at(j, i + 1) * a
    return upper * (1 - b) + (at(j + 1, i) * (1 - a) + at(j + 1, i + 1) * a) * b
  }
}

extension Array {
  /// The array in pieces of equal length.
  func chunked(_ length: Int) -> [[Element]] {
    stride(from: 0, to: count, by: length).map { Array(self[$0..<$0 + length]) }
  }
}
