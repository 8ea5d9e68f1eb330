import Foundation
import Segmentation
import Testing

@Test func aRecipeSurvivesBeingWrittenDown() throws {
  var recipe = FinetuneRecipe()
  (recipe.mode, recipe.lr, recipe.seed) = (.linear, 0.5, 7)
  let text = try JSONEncoder().encode(recipe)
  #expect(try JSONDecoder().decode(FinetuneRecipe.self, from: text) == recipe)
}

@Test func theAutomaticLearningRateDependsOnTheModeAndAStatedOneDoesNot() throws {
  var recipe = FinetuneRecipe()
  try recipe.validate()
  let full = recipe.learningRate
  recipe.mode = .scratch
  #expect(recipe.learningRate == full)
  recipe.mode = .linear
  #expect(recipe.learningRate != full)
  recipe.lr = 0.25
  #expect(recipe.learningRate == 0.25)
}

@Test func valuesThatNoTrainingCanHaveAreRefusedByTheirName() {
  let breaks: [(String, (inout FinetuneRecipe) -> Void)] = [
    ("steps", { $0.steps = 0 }), ("batch", { $0.batch = 0 }), ("volumes", { $0.volumes = -1 }),
    ("features", { $0.features = [16] }), ("features", { $0.features = [16, 0] }),
    ("lr", { $0.lr = .nan }), ("encoderLrFactor", { $0.encoderLrFactor = -1 }),
    ("layerDecay", { $0.layerDecay = 0 }), ("layerDecay", { $0.layerDecay = 1.5 }),
    ("freezeSteps", { $0.freezeSteps = -1 }), ("average", { $0.average = 1 }),
    ("width", { $0.width = 0 }), ("patience", { $0.patience = -1 }),
    ("patience", { ($0.patience, $0.validateEvery) = (1, 0) }),
    ("momentum", { $0.momentum = 1 }), ("weightDecay", { $0.weightDecay = -1 }),
    ("clip", { $0.clip = -1 }), ("warmup", { $0.warmup = -1 }),
    ("validateEvery", { $0.validateEvery = -1 }),
    ("components.minimumVolume", { $0.components.minimumVolume = .byLabel([1: -1]) }),
    ("threads", { $0.threads = -2 }),
  ]
  for (key, change) in breaks {
    var recipe = FinetuneRecipe()
    change(&recipe)
    let error = #expect(throws: SegmentationError.self) { try recipe.validate() }
    #expect(error.map { "\($0)".contains("recipe's \(key) ") } == true, "\(key)")
  }
}
