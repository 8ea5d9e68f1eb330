import Recipes
import Testing

private struct Inner: Codable, Equatable {
  var rate = 0.1
  var steps = 100
  var spacing: [Double]?
}

private enum Window: Codable, Equatable {
  case automatic
  case fixed(low: Double, high: Double)
}

private struct Settings: Codable, Equatable {
  var name = "plain"
  var inner = Inner()
  var window = Window.automatic
  var canvas: [Int]? = [64, 48]
}

@Suite struct RecipeTests {
  @Test func anEmptyRecipeIsTheDefaults() throws {
    #expect(try Recipe.overlay(Settings(), yaml: "") == Settings())
    #expect(try Recipe.load(Settings(), file: nil) == Settings())
  }

  @Test func aRecipeStatesOnlyWhatDiffers() throws {
    let settings = try Recipe.overlay(Settings(), yaml: "inner:\n  steps: 7\n")
    #expect(settings.inner == Inner(rate: 0.1, steps: 7))
    #expect(settings.name == "plain")
  }

  @Test func overridesComeLast() throws {
    let settings = try Recipe.overlay(
      Settings(), yaml: "inner: {steps: 7}",
      overrides: ["inner.steps=8", "name=moco", "canvas=[32, 32]"])
    #expect(settings.inner.steps == 8)
    #expect(settings.name == "moco")
    #expect(settings.canvas == [32, 32])
  }

  @Test func aSettingThatIsNilByDefaultCanBeGivenAndTakenAway() throws {
    #expect(
      try Recipe.overlay(Settings(), yaml: "inner: {spacing: [1, 2]}").inner.spacing == [1, 2])
    #expect(try Recipe.overlay(Settings(), yaml: "canvas: null").canvas == nil)
  }

  @Test func aChoiceWithSettingsIsReplacedAsAWhole() throws {
    let settings = try Recipe.overlay(Settings(), yaml: "window: {fixed: {low: -100, high: 300}}")
    #expect(settings.window == .fixed(low: -100, high: 300))
  }

  @Test func aKeyMayBeANumberAsLabelsAre() throws {
    struct Volumes: Codable { var byLabel: [Int: [Double]]? }
    let given = try Recipe.overlay(
      Volumes(), yaml: "byLabel: {1: [20], 3: [0.5]}", overrides: ["byLabel={2: [7]}"])
    #expect(given.byLabel == [2: [7]])
    #expect(try Recipe.overlay(Volumes(), yaml: "byLabel: {1: [20]}").byLabel == [1: [20]])
  }

  @Test func anUnknownKeyIsAnErrorThatNamesItsPath() {
    #expect(
      throws: RecipeError.unknownKey(
        file: "recipe", path: "inner.stepz", known: ["rate", "steps", "spacing"])
    ) {
      do {
        _ = try Recipe.overlay(Settings(), yaml: "inner: {stepz: 7}")
      } catch let RecipeError.unknownKey(file, path, known) {
        #expect(Set(known) == ["rate", "steps", "spacing"])
        throw RecipeError.unknownKey(file: file, path: path, known: ["rate", "steps", "spacing"])
      }
    }
  }

  @Test func aWordWhereANumberBelongsNamesThePath() throws {
    do {
      _ = try Recipe.overlay(Settings(), yaml: "inner: {steps: many}", named: "a.yaml")
      Issue.record("a word passed for a number")
    } catch let RecipeError.badValue(file, path, _) {
      #expect(file == "a.yaml")
      #expect(path == "inner.steps")
    }
  }

  @Test func brokenYAMLAndBrokenOverridesAreRefused() {
    #expect(throws: RecipeError.self) { try Recipe.overlay(Settings(), yaml: "a: [1,") }
    #expect(throws: RecipeError.badOverride("steps")) {
      try Recipe.overlay(Settings(), yaml: "", overrides: ["steps"])
    }
    #expect(throws: RecipeError.badOverride("a..b=1")) {
      try Recipe.overlay(Settings(), yaml: "", overrides: ["a..b=1"])
    }
  }

  @Test func theResolvedRecipeReadsBackAsItself() throws {
    let settings = try Recipe.overlay(Settings(), yaml: "name: x\ninner: {rate: 0.25}")
    #expect(try Recipe.overlay(Settings(), yaml: Recipe.yaml(of: settings)) == settings)
  }
}
