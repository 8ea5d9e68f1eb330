import Augment
import Testing

@Suite struct LabelledCropTests {
  let slice = CodedSlice(width: 96, height: 80)

  private func label(_ crop: LabelledCrop, _ classes: [UInt8]) -> [UInt8] {
    let count = crop.view.geometry.width * crop.view.geometry.height
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      classes.withUnsafeBufferPointer {
        crop.apply(
          toLabel: $0, height: 80, width: 96,
          into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      }
      filled = count
    }
  }

  @Test func imageAndLabelShareTheirGeometry() {
    let columns = (0..<80).flatMap { _ in (0..<96).map { UInt8($0) } }
    let rows = (0..<80).flatMap { y in (0..<96).map { _ in UInt8(y) } }
    var recipe = LabelledRecipe()
    recipe.geometry = GeometryRecipe(area: 0.6...1.4, shear: -5...5, elasticProbability: 1)
    recipe.intensity = .identity
    for seed in 0..<6 as Range<UInt64> {
      var generator = Philox(seed: seed, ordinal: 0)
      let crop = LabelledCrop.draw(recipe, sliceHeight: 80, sliceWidth: 96, using: &generator)
      let seen = slice.seen(by: crop.view)
      let (x, y) = (label(crop, columns), label(crop, rows))
      for i in 0..<80 * 96 {
        let at = crop.view.slicePoint(ofViewPoint: [Double(i % 96), Double(i / 96)])
        let inside = at.x > -0.49 && at.y > -0.49 && at.x < 95.49 && at.y < 79.49
        let outside = at.x < -0.51 || at.y < -0.51 || at.x > 95.51 || at.y > 79.51
        if inside {
          #expect(abs(Double(x[i]) - Double(seen[i])) < 0.52)
          #expect(abs(Double(y[i]) - Double(seen[80 * 96 + i])) < 0.52)
        } else if outside {
          #expect(x[i] == 255)
        }
      }
    }
  }

  @Test func aRecipeThatIsOffReturnsSliceAndLabel() {
    var recipe = LabelledRecipe()
    recipe.enabled = false
    recipe.height = 32
    var generator = Philox(seed: 1, ordinal: 0)
    let crop = LabelledCrop.draw(recipe, sliceHeight: 80, sliceWidth: 96, using: &generator)
    let classes = (0..<80 * 96).map { UInt8($0 % 251) }
    #expect(label(crop, classes) == classes)
    #expect(slice.seen(by: crop.view) == slice.stored.map { Float($0) * 0.01 })
    #expect(recipe.size(sliceHeight: 80, sliceWidth: 96) == (80, 96))
  }

  @Test func cropsOfAnotherSizeHaveIt() {
    var recipe = LabelledRecipe()
    (recipe.height, recipe.width) = (24, 40)
    var generator = Philox(seed: 1, ordinal: 0)
    let crop = LabelledCrop.draw(recipe, sliceHeight: 80, sliceWidth: 96, using: &generator)
    #expect(crop.view.geometry.width == 40 && crop.view.geometry.height == 24)
  }

  @Test func theLabelBeyondTheSliceIsTheRecipes() {
    var crop = LabelledCrop(view: .identity(width: 96, height: 80), outside: 0)
    crop.view.geometry.affine.origin = [-48, 0]
    let seen = label(crop, [UInt8](repeating: 3, count: 80 * 96))
    #expect(seen[..<48].allSatisfy { $0 == 0 } && seen[48..<96].allSatisfy { $0 == 3 })
  }
}
