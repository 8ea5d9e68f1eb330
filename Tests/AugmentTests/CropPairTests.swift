import Augment
import Foundation
import Testing

@Suite struct CropPairTests {
  private func pair(seed: UInt64, ordinal: UInt64, _ recipe: CropPairRecipe = .init()) -> CropPair {
    var generator = Philox(seed: seed, ordinal: ordinal)
    return CropPair.draw(recipe, sliceHeight: 120, sliceWidth: 100, using: &generator)
  }

  @Test func whatIsDrawnFollowsFromSeedAndOrdinalAlone() {
    #expect(pair(seed: 1, ordinal: 2) == pair(seed: 1, ordinal: 2))
    #expect(pair(seed: 1, ordinal: 2) != pair(seed: 1, ordinal: 3))
    #expect(pair(seed: 1, ordinal: 2) != pair(seed: 2, ordinal: 2))
    #expect(pair(seed: 1, ordinal: 2).query != pair(seed: 1, ordinal: 2).key)
  }

  @Test func aPairSurvivesBeingWrittenDown() throws {
    for ordinal in 0..<10 as Range<UInt64> {
      let drawn = pair(seed: 5, ordinal: ordinal)
      let data = try JSONEncoder().encode(drawn)
      #expect(try JSONDecoder().decode(CropPair.self, from: data) == drawn)
    }
  }

  @Test func switchingOneThingOffLeavesTheOthersAsTheyWere() {
    let full = pair(seed: 1, ordinal: 7)
    var recipe = CropPairRecipe()
    recipe.intensity.gammaProbability = 0
    recipe.geometry.elasticProbability = 0
    let less = pair(seed: 1, ordinal: 7, recipe)
    #expect(less.query.geometry.affine == full.query.geometry.affine)
    #expect(less.key.geometry.affine == full.key.geometry.affine)
    #expect(less.key.intensity.contrast == full.key.intensity.contrast)
    #expect(less.key.intensity.noiseSeed == full.key.intensity.noiseSeed)
    #expect(less.key.geometry.elastic == nil && less.key.intensity.gamma == 1)
  }

  @Test func drawnAmountsLieInTheRangesOfTheRecipe() {
    var recipe = CropPairRecipe()
    recipe.size = 32
    recipe.intensity.cutoutProbability = 1
    for ordinal in 0..<200 as Range<UInt64> {
      let intensity = pair(seed: 3, ordinal: ordinal, recipe).query.intensity
      #expect(intensity.gamma == 1 || recipe.intensity.gamma.contains(intensity.gamma))
      #expect(intensity.blur == 0 || recipe.intensity.blur.contains(intensity.blur))
      #expect(recipe.intensity.brightness.contains(intensity.brightness))
      #expect(intensity.lowResolution == 1)
      let box = intensity.cutout
      #expect(box.map { $0.x + $0.width <= 32 && $0.y + $0.height <= 32 } == true)
    }
  }
}

/// One number for what was drawn, down to the last bit.
@Suite struct DrawnDigestTests {
  /// The constant was written down once. Another processor, C library or compiler must draw the same.
  @Test func whatIsDrawnIsTheSameOnAnyMachine() throws {
    var recipe = CropPairRecipe()
    recipe.geometry.shear = -10...10
    recipe.geometry.flip = .both
    recipe.intensity.biasProbability = 0.5
    recipe.intensity.lowResolutionProbability = 0.5
    recipe.intensity.cutoutProbability = 0.5
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    for ordinal in 0..<500 as Range<UInt64> {
      var generator = Philox(seed: 2024, ordinal: ordinal)
      let pair = CropPair.draw(recipe, sliceHeight: 256, sliceWidth: 230, using: &generator)
      for byte in try encoder.encode(pair) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    #expect(String(digest, radix: 16) == "41dcfc763e1885b1")
  }
}
