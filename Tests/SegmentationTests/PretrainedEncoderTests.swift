import Foundation
import Models
import NN
import Segmentation
import TestFolders
import Testing
import Torch

@Suite struct PretrainedEncoderTests {
  private let folder = TemporaryFolder()

  private func written(
    _ tensors: [String: Tensor], _ metadata: [String: String] = [:]
  ) throws -> String {
    let path = folder.new(".safetensors")
    try SafeTensors(tensors: tensors, metadata: metadata).write(to: path)
    return path
  }

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

  /// The state dict of nnU-Net's `PlainConvUNet` for three outputs: every tensor under all its names.
  private func stateDict(
    _ change: (inout [String: Tensor]) -> Void = { _ in }
  ) throws -> (path: String, tensors: [String: Tensor]) {
    let architecture = try randomEncoder(nil).architecture
    let store = try ParameterStore(seed: 21)
    _ = architecture.build(store.root)
    _ = architecture.buildDecoder(store.root, classes: 3)
    var tensors = store.tensors()
    change(&tensors)
    var all = tensors
    for (name, tensor) in tensors where name.contains(".convs.") {
      let alias = name.replacing(".conv.", with: ".all_modules.0.")
        .replacing(".norm.", with: ".all_modules.1.")
      all[alias] = tensor
      if name.hasPrefix("encoder.") { all["decoder." + alias] = tensor }
    }
    for (name, tensor) in tensors where name.hasPrefix("encoder.") {
      all["decoder." + name] = tensor
    }
    return (try written(all), tensors)
  }

  /// The weights after a step of no length, and what was said of them.
  private func begun(
    _ path: String, _ mode: FinetuneMode = .full
  ) throws -> (weights: [String: Tensor], report: LoadReport) {
    let store = try SyntheticStore()
    var recipe = SyntheticStore.recipe(mode, steps: 1)
    (recipe.lr, recipe.weightDecay) = (1e-12, 0)
    let run = store.run("whole")
    let result = try finetune(
      store.slices, recipe: recipe, from: PretrainedEncoder(reading: path), into: run)
    return (try SafeTensors(reading: run.segmenter).tensors, try #require(result.encoder))
  }

  private func areAlike(_ a: Tensor?, _ b: Tensor?) throws -> Bool {
    guard let a, let b, a.shape == b.shape else { return false }
    return try (a - b).absolute().largest().item() < 1e-6
  }

  @Test func ofAWholeNnUNetEncoderAndDecoderAreTakenAndItsClassesAreNot() throws {
    let (path, given) = try stateDict()
    let (weights, report) = try begun(path)
    let wanted = given.keys.filter { !$0.contains("seg_layers") }
    for name in wanted { #expect(try areAlike(weights[name], given[name]), "\(name)") }
    let layers = given.keys.filter { $0.contains("seg_layers") }
    for name in layers where name.hasSuffix("weight") {
      #expect(try !areAlike(weights[name], given[name]), "\(name)")
    }
    #expect(Set(report.matched) == Set(wanted) && Set(report.missing) == Set(layers))
    #expect(report.mismatched.isEmpty && report.unexpected.isEmpty)
  }

  @Test func ofADecoderThatIsInPartAnotherWhatFitsIsTakenAndTheRestIsSaid() throws {
    let (wide, gone) = (
      "decoder.stages.1.convs.0.conv.weight", "decoder.stages.0.convs.1.norm.bias"
    )
    let extra = "decoder.stages.0.convs.2.conv.bias"
    let (path, given) = try stateDict {
      let shape = $0[wide]!.shape
      $0[wide] = .ones([shape[0] + 2] + shape.dropFirst())
      $0[gone] = nil
      $0[extra] = .ones([16])
    }
    let (weights, report) = try begun(path)
    #expect(report.mismatched.map(\.name) == [wide] && report.unexpected == [extra])
    #expect(report.mismatched[0].found[0] == report.mismatched[0].expected[0] + 2)
    #expect(report.missing.contains(gone) && !report.missing.contains(wide))
    let fitting = given.keys.filter { !$0.contains("seg_layers") && $0 != wide && $0 != extra }
    #expect(Set(report.matched) == Set(fitting))
    for name in fitting { #expect(try areAlike(weights[name], given[name]), "\(name)") }
  }

  @Test func aProbeTakesTheEncoderOfAWholeNetworkAlone() throws {
    let (path, given) = try stateDict()
    let (weights, report) = try begun(path, .linear)
    let wanted = given.keys.filter { $0.hasPrefix("encoder.") }
    #expect(Set(report.matched) == Set(wanted) && report.unexpected.isEmpty)
    #expect(report.missing.allSatisfy { $0.hasPrefix("probe.") })
    for name in wanted { #expect(try areAlike(weights[name], given[name]), "\(name)") }
  }
}
