import Augment
import Testing

@Suite struct BiasFieldTests {
  @Test func equalGainsAreThatFactorEverywhere() {
    let field = BiasField(cells: 2, gains: [Float](repeating: 1.5, count: 25))
    for point: SIMD2<Double> in [[0, 0], [31, 5], [-0.5, 17.5], [400, -3]] {
      #expect(abs(field.factor(at: point, width: 32, height: 18) - 1.5) < 1e-6)
    }
  }

  @Test func itScalesWhatLiesAboveTheSlicesMinimum() {
    let stored = speckle(count: 32 * 32)
    var intensity = ViewIntensity()
    intensity.bias = BiasField(cells: 2, gains: [Float](repeating: 2, count: 25))
    let low = Float(stored.min()!)
    for (value, seen) in zip(stored, changed(stored, width: 32, intensity)) {
      #expect(abs(seen - (2 * (Float(value) - low) + low)) < 0.01)
    }
  }

  @Test func drawnFactorsStayWithinTheStrength() {
    var recipe = CropPairRecipe()
    recipe.size = 24
    (recipe.intensity.bias, recipe.intensity.biasProbability) = (0.4, 1)
    for ordinal in 0..<20 as Range<UInt64> {
      var generator = Philox(seed: 1, ordinal: ordinal)
      let pair = CropPair.draw(recipe, sliceHeight: 40, sliceWidth: 40, using: &generator)
      let field = pair.query.intensity.bias
      #expect(field?.gains.allSatisfy { (0.67...1.5).contains($0) } == true)
    }
  }
}
