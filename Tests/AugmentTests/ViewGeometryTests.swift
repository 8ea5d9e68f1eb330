import Augment
import Testing

@Suite struct ViewGeometryTests {
  @Test(arguments: transforms.keys.sorted())
  func thereAndBackIsTheSamePoint(name: String) {
    for seed in 0..<10 as Range<UInt64> {
      let view = drawnView(name, seed: seed)
      for point: SIMD2<Double> in [[0, 0], [49, 39], [24.5, 3.25], [-0.5, 39.5], [7, 31]] {
        let back = view.viewPoint(ofSlicePoint: view.slicePoint(ofViewPoint: point)) - point
        #expect(abs(back.x) < 1e-6 && abs(back.y) < 1e-6)
        let forth = view.slicePoint(ofViewPoint: view.viewPoint(ofSlicePoint: point)) - point
        #expect(abs(forth.x) < 1e-6 && abs(forth.y) < 1e-6)
      }
    }
  }

  @Test func anUnturnedCropLiesWithinTheSlice() {
    for seed in 0..<50 as Range<UInt64> {
      let view = drawnView("crop and scale", seed: seed)
      let first = view.slicePoint(ofViewPoint: [-0.5, -0.5])
      let last = view.slicePoint(ofViewPoint: [49.5, 39.5])
      #expect(first.x >= -0.5 - 1e-9 && first.y >= -0.5 - 1e-9)
      #expect(last.x <= 95.5 + 1e-9 && last.y <= 79.5 + 1e-9)
      #expect(last.x > first.x && last.y > first.y)
    }
  }

  @Test func theAreaOfACropIsTheOneAskedFor() {
    let recipe = GeometryRecipe(
      area: 0.25...0.25, aspect: 1...1, rotation: -30...30, shear: -10...10, flip: .both,
      elasticProbability: 0)
    var generator = Philox(seed: 1, ordinal: 1)
    for _ in 0..<20 {
      let view = ViewGeometry.draw(
        recipe, width: 32, height: 32, sliceWidth: 100, sliceHeight: 100, using: &generator)
      #expect(abs(view.scale * 32 - 50) < 1e-9)
    }
  }

  @Test func aRotationTurnsByItsAngleWithoutStretching() {
    let recipe = GeometryRecipe(
      area: 0.25...0.25, aspect: 1...1, rotation: 30...30, elasticProbability: 0)
    var generator = Philox(seed: 1, ordinal: 1)
    let x = ViewGeometry.draw(
      recipe, width: 32, height: 32, sliceWidth: 64, sliceHeight: 64, using: &generator
    ).affine.x
    #expect(abs(x.x - 0.75.squareRoot()) < 1e-9 && abs(x.y - 0.5) < 1e-9)
  }

  @Test func withoutAFlipPolicyNothingIsMirrored() {
    for seed in 0..<50 as Range<UInt64> {
      #expect(drawnView("rotation", seed: seed).geometry.affine.determinant > 0)
    }
    let mirrored = (0..<50).filter { drawnView("flip", seed: $0).geometry.affine.x.x < 0 }
    #expect(mirrored.count > 10 && mirrored.count < 40)
  }

  @Test func normalisedCoordinatesRunBetweenTheOuterEdgesOfPixels() {
    let view = ViewGeometry.identity(width: 8, height: 4)
    #expect(view.normalised([-0.5, -0.5]) == [-1, -1])
    #expect(view.normalised([7.5, 3.5]) == [1, 1])
    #expect(view.normalised([3.5, 1.5]) == [0, 0])
  }

  @Test func theWholeSliceIsTheIdentity() {
    var generator = Philox(seed: 2, ordinal: 3)
    let view = ViewGeometry.draw(
      .identity, width: 60, height: 44, sliceWidth: 60, sliceHeight: 44, using: &generator)
    for point: SIMD2<Double> in [[0, 0], [59, 0], [0, 43], [17.5, 3]] {
      let moved = view.slicePoint(ofViewPoint: point) - point
      #expect(abs(moved.x) < 1e-12 && abs(moved.y) < 1e-12)
    }
  }
}
