import Augment
import Testing

@Suite struct CropViewTests {
  let slice = CodedSlice(width: 96, height: 80)

  @Test(arguments: transforms.keys.sorted())
  func pixelsComeFromWhereTheGeometrySays(name: String) {
    for seed in 0..<4 as Range<UInt64> {
      let view = drawnView(name, seed: seed)
      let seen = slice.seen(by: view)
      var worst = 0.0
      for y in 0..<40 {
        for x in 0..<50 {
          let at = slice.clamped(view.slicePoint(ofViewPoint: [Double(x), Double(y)]))
          let error = SIMD2(Double(seen[y * 50 + x]), Double(seen[2000 + y * 50 + x])) - at
          worst = max(worst, abs(error.x), abs(error.y))
        }
      }
      #expect(worst < 0.01, "\(name), seed \(seed)")
    }
  }

  @Test(arguments: [(2, 2), (17, 5), (33, 48)])
  func theIdentityReturnsTheSlice(width: Int, height: Int) {
    let stored = speckle(count: width * height)
    let seen = changed(stored, width: width, scale: 0.5, offset: 3, ViewIntensity())
    #expect(seen == stored.map { Float($0) * 0.5 + 3 })
  }

  @Test func extremeStoredValuesSurvive() {
    let stored: [Int16] = [.min, .max, 0, -1, 1, .max, .min, 42]
    #expect(changed(stored, width: 4, ViewIntensity()) == stored.map { Float($0) })
  }

  @Test func aPixelBetweenOthersIsTheirWeightedMean() {
    var view = CropView.identity(width: 2, height: 2)
    view.geometry.affine.origin = [0.25, 0.5]
    let stored: [Int16] = [0, 100, 40, 300]
    let seen = stored.withUnsafeBufferPointer {
      view.applied(
        to: SlicePixels($0, channels: 1, height: 2, width: 2, scale: 1, offset: 0))
    }
    #expect(seen[0] == 0.5 * 25 + 0.5 * 105)
    #expect(seen[1] == 200)
  }

  @Test func aViewIsAPureFunctionOfSliceAndParameters() {
    var recipe = CropPairRecipe()
    recipe.size = 40
    recipe.intensity.cutoutProbability = 1
    recipe.intensity.lowResolutionProbability = 1
    var generator = Philox(seed: 8, ordinal: 9)
    let pair = CropPair.draw(recipe, sliceHeight: 80, sliceWidth: 96, using: &generator)
    #expect(slice.seen(by: pair.query) == slice.seen(by: pair.query))
    #expect(slice.seen(by: pair.query) != slice.seen(by: pair.key))
  }
}
