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
