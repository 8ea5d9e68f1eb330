import Foundation
import Imaging
import Metrics
import Models
import NN
import Segmentation
import Testing
import Torch

/// An encoder with random weights, as a pretraining that learned nothing would leave it.
func randomEncoder(
  _ preparation: String?, _ kind: EncoderArchitecture.Kind = .unet
) throws -> PretrainedEncoder {
  var architecture = EncoderArchitecture()
  (architecture.kind, architecture.width) = (kind, 8)
  (architecture.features, architecture.strides) = ([8, 16, 16], [1, 2, 2])
  let store = try ParameterStore(seed: 3)
  _ = architecture.build(store.root)
  return PretrainedEncoder(
    tensors: store.tensors(), architecture: architecture, preparation: preparation, digest: "x@1")
}

private func meanDice(_ segmenter: Segmenter, _ scan: SyntheticScan) throws -> Double {
  let mask = try segmenter.predict(scan.volume, modality: "MR", batch: 4)
  #expect(mask.grid == scan.volume.grid && mask.names == SyntheticStore.names)
  return try score(mask, against: scan.mask, case: "scan").meanDice
}

@Test func aUNetFromScratchLearnsAndGivesMasksOnEveryScansOwnGrid() throws {
  let store = try SyntheticStore()
  let run = store.run("scratch")
  let result = try finetune(
    store.slices, recipe: SyntheticStore.recipe(.scratch, steps: 100), from: nil, into: run)
  #expect(result.isFinished && result.encoder == nil && result.volumes.count == 6)
  #expect(try #require(result.validationDice) > 0.8)
  let segmenter = try Segmenter(run: run.path, threads: 1)
  #expect(segmenter.description.volumes == result.volumes)
  for affine in [SyntheticScan.axial, SyntheticScan.sagittal, SyntheticScan.oblique] {
    #expect(try meanDice(segmenter, SyntheticScan(seed: 50, affine: affine)) > 0.8)
  }
}

@Test func aProbeOnARandomEncoderIsBetterThanChanceAndLeavesTheEncoderAlone() throws {
  let store = try SyntheticStore()
  let run = store.run("linear")
  let encoder = try randomEncoder(store.slices.preparation)
  let result = try finetune(
    store.slices, recipe: SyntheticStore.recipe(.linear, steps: 40), from: encoder, into: run)
  // All foreground, or a coin for every pixel, would score less than 0.2.
  #expect(try #require(result.validationDice) > 0.4)
  let kept = try SafeTensors(reading: run.segmenter)
  for (name, tensor) in encoder.tensors {
    #expect(try #require(kept.tensors[name]).floats() == tensor.floats(), "\(name)")
  }
  #expect(try #require(result.encoder).matched.count == encoder.tensors.count)
}

/// At a learning rate of almost nothing the weights are still those that were brought along.
@Test func aDecoderThatLearnedWithTheEncoderIsTakenWhereItFits() throws {
  let store = try SyntheticStore()
  let plain = try randomEncoder(store.slices.preparation)
  let weights = try ParameterStore(seed: 9)
  _ = plain.architecture.buildDecoder(weights.root, classes: 2)
  let decoder = weights.tensors().filter { !$0.key.contains("seg_layers") }
  let encoder = PretrainedEncoder(
    tensors: plain.tensors, decoder: decoder, architecture: plain.architecture,
    preparation: plain.preparation)
  var recipe = SyntheticStore.recipe(.full, steps: 1)
  (recipe.lr, recipe.weightDecay) = (1e-9, 0)
  let run = store.run("decoder")
  let result = try finetune(store.slices, recipe: recipe, from: encoder, into: run)
  let found = try SafeTensors(reading: run.segmenter).tensors
  for (name, tensor) in decoder {
    let (a, b) = (try #require(found[name]).floats(), try tensor.floats())
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name)")
  }
  #expect(try #require(result.encoder).matched.count == plain.tensors.count + decoder.count)

  let linear = try finetune(
    store.slices, recipe: SyntheticStore.recipe(.linear, steps: 1), from: encoder,
    into: store.run("probe"))
  #expect(try #require(linear.encoder).matched.count == plain.tensors.count)
}

/// A decoder's maps at work: with the same encoder and another decoder the frozen network scores otherwise.
@Test func aProbeOfTheWholeNetworkStandsOnTheDecoderThatLearnedWithTheEncoder() throws {
  let store = try SyntheticStore()
  let plain = try randomEncoder(store.slices.preparation)
  func decoder(_ seed: UInt64) throws -> [String: Tensor] {
    let weights = try ParameterStore(seed: seed)
    _ = plain.architecture.buildDecoder(weights.root, classes: 0)
    return weights.tensors()
  }
  func fitted(_ mode: FinetuneMode, _ decoder: [String: Tensor], _ name: String) throws -> (
    result: FinetuneResult, kept: [String: Tensor]
  ) {
    let encoder = PretrainedEncoder(
      tensors: plain.tensors, decoder: decoder, architecture: plain.architecture,
      preparation: plain.preparation)
    let run = store.run(name)
    let result = try finetune(
      store.slices, recipe: SyntheticStore.recipe(mode, steps: 30), from: encoder, into: run)
    let segmenter = try Segmenter(run: run.path, threads: 1)
    let scan = SyntheticScan(seed: 50)
    #expect(try segmenter.predict(scan.volume, modality: "MR").grid == scan.volume.grid)
    return (result, try SafeTensors(reading: run.segmenter).tensors)
  }
  let learned = try decoder(9)
  let probe = try fitted(.linearNetwork, learned, "network")
  for (name, tensor) in plain.tensors.merging(learned, uniquingKeysWith: { own, _ in own }) {
    #expect(try #require(probe.kept[name]).floats() == tensor.floats(), "\(name)")
  }
  let channels = plain.architecture.features.reduce(0, +) * 2 - plain.architecture.features.last!
  #expect(probe.kept["probe.weight"]?.shape[1] == channels)
  #expect(try #require(probe.result.validationDice) > 0.4)
  let other = try fitted(.linearNetwork, decoder(10), "other")
  #expect(probe.result.validationDice != other.result.validationDice)
  let none = try fitted(.linearNetwork, [:], "none")
  let linear = try fitted(.linear, learned, "linear")
  #expect(none.result.validationDice == linear.result.validationDice)
  var broken = learned
  broken["decoder.stages.0.convs.0.conv.weight"] = nil
  #expect(throws: SegmentationError.self) { try fitted(.linearNetwork, broken, "broken") }
}

@Test func fullFineTuningStartsFromTheEncoderItIsGiven() throws {
  let store = try SyntheticStore()
  let encoder = try randomEncoder(store.slices.preparation)
  var recipe = SyntheticStore.recipe(.full, steps: 1)
  (recipe.lr, recipe.weightDecay) = (1e-12, 0)
  let run = store.run("full")
  _ = try finetune(store.slices, recipe: recipe, from: encoder, into: run)
  let kept = try SafeTensors(reading: run.segmenter)
  let name = "encoder.stages.1.0.convs.0.conv.weight"
  let (ours, given) = (try #require(kept.tensors[name]), try #require(encoder.tensors[name]))
  #expect(try (ours - given).absolute().largest().item() < 1e-6)
  #expect(kept.tensors["decoder.seg_layers.0.weight"] != nil)
}

@Test func aRunThatIsStoppedGoesOnToTheSameWeights() throws {
  let store = try SyntheticStore()
  let encoder = try randomEncoder(store.slices.preparation)
  var recipe = SyntheticStore.recipe(.full, steps: 8)
  (recipe.validateEvery, recipe.encoderLrFactor) = (3, 0.5)
  let (whole, halved) = (store.run("whole"), store.run("halved"))
  _ = try finetune(store.slices, recipe: recipe, from: encoder, into: whole)
  var asked = 0
  let part = try finetune(
    store.slices, recipe: recipe, from: encoder, into: halved,
    shouldStop: {
      asked += 1
      return asked > 4
    })
  #expect(part.step == 4 && !part.isFinished)
  let rest = try finetune(store.slices, recipe: recipe, from: encoder, into: halved)
  #expect(rest.step == 8 && rest.isFinished)
  let (one, other) = (
    try SafeTensors(reading: whole.checkpoint), try SafeTensors(reading: halved.checkpoint)
  )
  #expect(one.metadata == other.metadata && one.tensors.count == other.tensors.count)
  for (name, tensor) in one.tensors {
    #expect(try #require(other.tensors[name]).floats() == tensor.floats(), "\(name)")
  }
}

@Test func aFolderOfAnotherRunIsNotGoneOnWith() throws {
  let store = try SyntheticStore()
  let run = store.run("taken")
  var recipe = SyntheticStore.recipe(.scratch, steps: 1)
  _ = try finetune(store.slices, recipe: recipe, from: nil, into: run)
  recipe.lr = 1e-3
  #expect(throws: SegmentationError.otherRun(path: run.path)) {
    try finetune(store.slices, recipe: recipe, from: nil, into: run)
  }
}

@Test func slicesPreparedOtherwiseThanTheEncodersAreRefused() throws {
  let store = try SyntheticStore()
  let other = store.slices.preparation.replacingOccurrences(of: "99.5", with: "98")
  let recipe = SyntheticStore.recipe(.linear, steps: 1)
  let error = #expect(throws: SegmentationError.self) {
    try finetune(
      store.slices, recipe: recipe, from: randomEncoder(other), into: store.run("refused"))
  }
  #expect(error.map { "\($0)".contains("intensity.percentiles") } == true)
}

@Test func anEncoderThatDoesNotFitIsRefusedWithTheNamesOfItsTensors() throws {
  let store = try SyntheticStore()
  var tensors = try randomEncoder(nil).tensors
  let name = "encoder.stages.2.0.convs.1.norm.bias"
  tensors[name] = nil
  let encoder = PretrainedEncoder(
    tensors: tensors, architecture: try randomEncoder(nil).architecture, preparation: nil)
  let error = #expect(throws: SegmentationError.self) {
    try finetune(
      store.slices, recipe: SyntheticStore.recipe(.full, steps: 1), from: encoder,
      into: store.run("unfit"))
  }
  #expect(error.map { "\($0)".contains(name) } == true)
}

@Test func aModeThatNeedsAnEncoderSaysSo() throws {
  let store = try SyntheticStore()
  #expect(throws: SegmentationError.encoderMissing(mode: "linear")) {
    try finetune(
      store.slices, recipe: SyntheticStore.recipe(.linear, steps: 1), from: nil,
      into: store.run("none"))
  }
}

@Test func deepSupervisionReachesEveryHead() throws {
  let store = try SyntheticStore()
  var recipe = SyntheticStore.recipe(.scratch, steps: 2)
  (recipe.deepSupervision, recipe.weightDecay) = (true, 0)
  let (deep, plain) = (store.run("deep"), store.run("plain"))
  _ = try finetune(store.slices, recipe: recipe, from: nil, into: deep)
  recipe.deepSupervision = false
  _ = try finetune(store.slices, recipe: recipe, from: nil, into: plain)
  let coarse = "decoder.seg_layers.0.weight"
  let first = try #require(SafeTensors(reading: deep.segmenter).tensors[coarse]).floats()
  let second = try #require(SafeTensors(reading: plain.segmenter).tensors[coarse]).floats()
  #expect(first != second)
}
