import Foundation
import Segmentation
import Testing
import Torch

/// A training that learns nothing, so that the first score on the validation split stays the best.
private func idle(patience: Int, steps: Int = 9) -> FinetuneRecipe {
  var recipe = SyntheticStore.recipe(.scratch, steps: steps)
  (recipe.lr, recipe.weightDecay, recipe.validateEvery) = (1e-12, 0, 1)
  recipe.patience = patience
  return recipe
}

@Test func trainingStopsWhenScoresGetNoBetterAndKeepsTheBest() throws {
  let store = try SyntheticStore()
  let run = store.run("early")
  let recipe = idle(patience: 2)
  let result = try finetune(store.slices, recipe: recipe, from: nil, into: run)
  #expect(result.step == 3 && result.isFinished && result.hasStoppedEarly)
  #expect(try Segmenter(run: run.path, threads: 1).description.step == 1)
  let log = try String(contentsOfFile: run.metrics, encoding: .utf8).split(separator: "\n")
  #expect(log.filter { $0.contains("validationDice") }.count == 3)
  #expect(log.filter { $0.contains("\"stoppedEarly\":true") } == [log[2]])
  #expect(try finetune(store.slices, recipe: recipe, from: nil, into: run) == result)
}

@Test func aRunThatIsContinuedGoesOnCounting() throws {
  let store = try SyntheticStore()
  let run = store.run("continued")
  var asked = 0
  let part = try finetune(
    store.slices, recipe: idle(patience: 3), from: nil, into: run,
    shouldStop: {
      asked += 1
      return asked > 3
    })
  #expect(part.step == 3 && !part.isFinished && !part.hasStoppedEarly)
  let rest = try finetune(store.slices, recipe: idle(patience: 3), from: nil, into: run)
  #expect(rest.step == 4 && rest.hasStoppedEarly)
}

@Test func withoutPatienceAllStepsAreMadeAndTheLastStateCanBeKept() throws {
  let store = try SyntheticStore()
  var recipe = idle(patience: 0, steps: 4)
  let whole = try finetune(store.slices, recipe: recipe, from: nil, into: store.run("whole"))
  #expect(whole.step == 4 && !whole.hasStoppedEarly)
  (recipe.patience, recipe.keep) = (1, .last)
  _ = try finetune(store.slices, recipe: recipe, from: nil, into: store.run("last"))
  #expect(try Segmenter(run: store.run("last").path, threads: 1).description.step == 2)
}

@Test func patienceWithoutLabelsToValidateOnIsRefused() throws {
  let store = try SyntheticStore()
  var slices = store.slices
  slices.validation = []
  #expect(throws: SegmentationError.nothingToValidate) {
    try finetune(slices, recipe: idle(patience: 2), from: nil, into: store.run("none"))
  }
}
