import Foundation
import Models
import NN
import Segmentation
import Testing
import Torch

private func written(
  _ tensors: [String: Tensor], _ metadata: [String: String] = [:]
) throws -> String {
  let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).safetensors"
  try SafeTensors(tensors: tensors, metadata: metadata).write(to: path)
  return path
}

@Suite struct PretrainedEncoderTests {
  @Test func aProbeOnColoursOfOthersHasTheirEncoderWithAGreyStem() throws {
    var architecture = EncoderArchitecture()
    (architecture.kind, architecture.width, architecture.inputChannels) = (.resnet18, 8, 3)
    let theirs = try ParameterStore(seed: 2)
    _ = architecture.build(theirs.root)
    let encoder = try PretrainedEncoder(reading: written(theirs.tensors()))
    #expect(encoder.preparation == nil && encoder.digest.hasPrefix("file "))
    let store = try SyntheticStore()
    let run = store.run("colours")
    _ = try finetune(
      store.slices, recipe: SyntheticStore.recipe(.linear, steps: 1), from: encoder, into: run)
    let kept = try SafeTensors(reading: run.segmenter).tensors
    let stem = try #require(theirs["conv1.weight"])
    #expect(try kept["conv1.weight"]?.floats() == greyStem(stem).floats())
    let last = "layer4.1.conv2.weight"
    #expect(try kept[last]?.floats() == theirs[last]?.floats())
  }

  @Test func otherNumbersAreAnotherEncoder() throws {
    let tensors = try randomEncoder(nil).tensors
    var changed = tensors
    let name = "encoder.stages.2.0.convs.1.norm.bias"
    changed[name] = tensors[name].map { $0 + 1 }
    let digests = try [tensors, tensors, changed].map {
      try PretrainedEncoder(reading: written($0)).digest
    }
    #expect(digests[0] == digests[1] && digests[0] != digests[2])
  }

  @Test func whatAFileSaysOfItsPreparationHolds() throws {
    let path = try written(
      randomEncoder(nil).tensors,
      ["preprocessing": "{\"plane\":\"axial\"}", "data": "d", "step": "3"])
    let encoder = try PretrainedEncoder(reading: path)
    #expect(encoder.preparation == "{\"plane\":\"axial\"}" && encoder.digest == "d@3")
  }

  @Test func aFolderWithoutAnEncoderAndAFileOfSomethingElseAreRefused() throws {
    #expect(throws: SegmentationError.self) { try PretrainedEncoder(reading: "/tmp") }
    let path = try written(["a": .zeros([1])])
    #expect(throws: ModelsError.self) { try PretrainedEncoder(reading: path) }
  }
}
