import NN
import Segmentation
import Testing
import Torch

/// A run of `steps` steps that is stopped and continued before each.
private func states(
  _ store: SyntheticStore, _ recipe: FinetuneRecipe
) throws -> [[String: Tensor]] {
  let run = store.run("average")
  return try (1...recipe.steps).map { _ in
    var asked = 0
    _ = try finetune(
      store.slices, recipe: recipe, from: nil, into: run,
      shouldStop: {
        asked += 1
        return asked > 1
      })
    return try SafeTensors(reading: run.checkpoint).tensors
  }
}

@Test func theMeanOfTheWeightsFollowsThemAndIsWhatIsKept() throws {
  let store = try SyntheticStore()
  var recipe = SyntheticStore.recipe(.scratch, steps: 4)
  (recipe.average, recipe.keep) = (0.3, .last)
  let found = try states(store, recipe)
  let name = "decoder.stages.1.convs.0.conv.weight"
  for step in 1..<4 {
    let kept = min(0.3, Double(1 + step) / Double(10 + step))
    let (mean, weights) = (
      try #require(found[step - 1]["average." + name]),
      try #require(found[step]["network." + name])
    )
    let expected = mean * kept + weights * (1 - kept)
    let next = try #require(found[step]["average." + name])
    #expect(try (next - expected).absolute().largest().item() < 1e-6)
    #expect(try (next - weights).absolute().largest().item() > 1e-5)
  }
  let segmenter = try SafeTensors(reading: store.run("average").segmenter)
  #expect(
    try #require(segmenter.tensors[name]).floats()
      == #require(found[3]["average." + name]).floats())
  _ = try Segmenter(run: store.run("average").path, threads: 1)
}

@Test func theMeanOfTheRunningStatisticsGoesWithThatOfTheWeights() throws {
  let store = try SyntheticStore()
  var recipe = SyntheticStore.recipe(.scratch, steps: 3)
  (recipe.architecture, recipe.average, recipe.keep) = (.resnet18, 0.3, .last)
  let found = try states(store, recipe)
  let name = "bn1.running_mean"
  let kept = 0.25  // (1 + 2) / (10 + 2)
  let (mean, newest) = (
    try #require(found[1]["average." + name]), try #require(found[2]["network." + name])
  )
  let next = try #require(found[2]["average." + name])
  #expect(try (next - (mean * kept + newest * (1 - kept))).absolute().largest().item() < 1e-6)
  #expect(try (next - newest).absolute().largest().item() > 1e-5)
  let count = "bn1.num_batches_tracked"
  #expect(try #require(found[2]["average." + count]).array(of: Int64.self) == [3])
}
