import Augment
import Foundation
import Testing

@Suite struct CropPairRecipeTests {
  @Test func recipesSurviveBeingWrittenDown() throws {
    var recipe = CropPairRecipe()
    recipe.size = 40
    recipe.geometry.flip = .horizontal
    recipe.intensity.noiseKind = .rician
    let data = try JSONEncoder().encode(recipe)
    #expect(try JSONDecoder().decode(CropPairRecipe.self, from: data) == recipe)
    let labelled = try JSONEncoder().encode(LabelledRecipe())
    #expect(try JSONDecoder().decode(LabelledRecipe.self, from: labelled) == LabelledRecipe())
  }

  /// Overlays need a key for every field, which a missing optional would not leave.
  @Test func everyFieldIsWrittenAndRangesAsTwoNumbers() throws {
    let data = try JSONEncoder().encode(CropPairRecipe())
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(Set(json.keys) == ["size", "geometry", "intensity", "regions"])
    let geometry = try #require(json["geometry"] as? [String: Any])
    #expect(geometry["area"] as? [Double] == [0.2, 1])
    #expect(geometry["flip"] as? String == "none")
  }

  @Test func theDefaultsAreInBounds() throws {
    try CropPairRecipe().validate()
    try LabelledRecipe().validate()
  }

  @Test func aValueOutOfBoundsIsNamed() {
    var recipe = CropPairRecipe()
    recipe.geometry.area = 0...1
    #expect(
      throws: AugmentError.recipe(path: "geometry.area", rule: "a range within 0.0001 to 100.0")
    ) {
      try recipe.validate()
    }
    var labelled = LabelledRecipe()
    labelled.intensity.gammaProbability = 1.5
    #expect(throws: AugmentError.self) { try labelled.validate() }
    recipe = CropPairRecipe()
    recipe.geometry.elastic = 0.4
    #expect(throws: AugmentError.self) { try recipe.validate() }
  }
}
