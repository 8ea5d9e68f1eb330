import NN
import Segmentation
import Testing
import Torch

/// Plain gradient descent with a rate that lets every step be read off the weights.
private func plainDescent(_ mode: FinetuneMode, steps: Int) -> FinetuneRecipe {
  var recipe = SyntheticStore.recipe(mode, steps: steps)
  (recipe.optimiser, recipe.momentum, recipe.weightDecay, recipe.clip) = (.sgd, 0, 0, 0)
  (recipe.lr, recipe.warmup, recipe.keep) = (0.5, 0, .last)
  return recipe
}

/// How far each tensor has moved since the encoder, or for the decoder since `start`.
private func movements(
  _ tensors: [String: Tensor], since start: [String: Tensor], under path: String
) throws -> Double {
  try tensors.filter { $0.key.hasPrefix(path) }.reduce(0) { sum, entry in
    let before = try #require(start[entry.key])
    return sum + Double(try (entry.value - before).absolute().sum().item())
  }
}

@Test func eachStageOfTheEncoderMovesByItsShareOfTheRate() throws {
  let store = try SyntheticStore()
  let encoder = try randomEncoder(nil)
  func moved(_ name: String, _ change: (inout FinetuneRecipe) -> Void) throws -> [Double] {
    var recipe = plainDescent(.full, steps: 1)
    change(&recipe)
    _ = try finetune(store.slices, recipe: recipe, from: encoder, into: store.run(name))
    let kept = try SafeTensors(reading: store.run(name).segmenter).tensors
    return try (0..<3).map {
      try movements(kept, since: encoder.tensors, under: "encoder.stages.\($0).")
    }
  }
  let plain = try moved("plain") { _ in }
  let decayed = try moved("decayed") { ($0.layerDecay, $0.encoderLrFactor) = (0.5, 0.8) }
  for (stage, share) in [0.2, 0.4, 0.8].enumerated() {
    #expect(plain[stage] > 1e-2)
    #expect(abs(decayed[stage] / plain[stage] - share) < 1e-3, "stage \(stage)")
  }
}

@Test func aFrozenEncoderStandsStillAndThenRisesWhileTheDecoderLearns() throws {
  let store = try SyntheticStore()
  let encoder = try randomEncoder(nil)
  var recipe = plainDescent(.full, steps: 6)
  (recipe.freezeSteps, recipe.warmup) = (2, 3)
  var states: [[String: Tensor]] = []
  for stop in 1...6 {
    var asked = 0
    let run = store.run("frozen")
    let result = try finetune(
      store.slices, recipe: recipe, from: encoder, into: run,
      shouldStop: {
        asked += 1
        return asked > 1
      })
    #expect(result.step == stop)
    states.append(try SafeTensors(reading: run.checkpoint).tensors)
  }
  let start = Dictionary(
    uniqueKeysWithValues: encoder.tensors.map { ("network." + $0.key, $0.value) })
  func moved(_ step: Int) throws -> Double {
    try movements(
      states[step], since: step == 0 ? start : states[step - 1], under: "network.encoder.")
  }
  #expect(try moved(0) == 0 && moved(1) == 0)
  #expect(try movements(states[1], since: states[0], under: "network.decoder.") > 1e-2)
  // A third of the schedule's rate, then two thirds.
  #expect(try moved(2) > 1e-3)
  #expect(try moved(3) > 1.2 * moved(2))
}

/// Its rate is the encoder's, and with freezing it stands still while the segmentation layers learn.
@Test func aDecoderThatWasPretrainedIsTreatedAsItsEncoder() throws {
  let store = try SyntheticStore()
  let plain = try randomEncoder(nil)
  let weights = try ParameterStore(seed: 9)
  _ = plain.architecture.buildDecoder(weights.root, classes: 0)
  let decoder = weights.tensors()
  let encoder = PretrainedEncoder(
    tensors: plain.tensors, decoder: decoder, architecture: plain.architecture, preparation: nil)
  func moved(_ name: String, _ change: (inout FinetuneRecipe) -> Void) throws -> Double {
    var recipe = plainDescent(.full, steps: 1)
    change(&recipe)
    _ = try finetune(store.slices, recipe: recipe, from: encoder, into: store.run(name))
    let kept = try SafeTensors(reading: store.run(name).segmenter).tensors
    return try movements(
      kept.filter { decoder[$0.key] != nil }, since: decoder, under: "decoder.")
  }
  let free = try moved("free") { _ in }
  #expect(free > 1e-2)
  #expect(try abs(moved("careful") { $0.encoderLrFactor = 0.25 } / free - 0.25) < 1e-3)
  #expect(try moved("still") { $0.freezeSteps = 1 } == 0)
}

@Test func fromScratchEveryStageLearnsAlike() throws {
  let store = try SyntheticStore()
  let (plain, careful) = (store.run("plain"), store.run("careful"))
  var recipe = plainDescent(.scratch, steps: 2)
  _ = try finetune(store.slices, recipe: recipe, from: nil, into: plain)
  (recipe.layerDecay, recipe.freezeSteps, recipe.encoderLrFactor) = (0.5, 1, 0.1)
  _ = try finetune(store.slices, recipe: recipe, from: nil, into: careful)
  let other = try SafeTensors(reading: careful.segmenter).tensors
  for (name, tensor) in try SafeTensors(reading: plain.segmenter).tensors {
    #expect(try #require(other[name]).floats() == tensor.floats(), "\(name)")
  }
}
