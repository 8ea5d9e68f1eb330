import Foundation
import Models
import NN
import TestTensors
import Testing
import Torch

private typealias Tensors = [String: Tensor]

/// A small network of a family, and its tensors.
private func made(
  _ kind: EncoderArchitecture.Kind, channels: Int = 1, lastNorm: WhiteningRecipe? = nil
) throws -> (architecture: EncoderArchitecture, tensors: Tensors, metadata: [String: String]) {
  var architecture = EncoderArchitecture()
  (architecture.kind, architecture.inputChannels) = (kind, channels)
  (architecture.features, architecture.strides) = ([4, 6, 8], [1, 2, 2])
  (architecture.width, architecture.lastNorm) = (4, lastNorm)
  let store = try ParameterStore(seed: 5)
  _ = architecture.build(store.root)
  for buffer in store.buffers where buffer.name.hasSuffix("running_mean") {
    buffer.tensor.copy(from: .randomNormal(buffer.tensor.shape, seed: 6))
  }
  let text = String(decoding: try JSONEncoder().encode(architecture), as: UTF8.self)
  return (architecture, store.tensors(), ["architecture": text])
}

private func read(_ tensors: Tensors, _ metadata: [String: String] = [:]) throws -> EncoderWeights {
  try EncoderWeights(SafeTensors(tensors: tensors, metadata: metadata), path: "w.safetensors")
}

private func isSame(_ a: Tensors, _ b: Tensors) throws -> Bool {
  guard a.keys == b.keys else { return false }
  return try a.allSatisfy { name, tensor in
    try tensor.array(of: Double.self) == b[name]?.array(of: Double.self)
  }
}

@Suite struct EncoderWeightsTests {
  @Test(arguments: [EncoderArchitecture.Kind.unet, .resnet18, .resnet50])
  func theFamilyAndItsSizesFollowFromNamesAndShapes(kind: EncoderArchitecture.Kind) throws {
    let (architecture, tensors, _) = try made(kind, channels: 2)
    let weights = try read(tensors)
    #expect(weights.architecture.kind == kind && weights.architecture.inputChannels == 2)
    if kind == .unet {
      #expect(weights.architecture.features == [4, 6, 8])
      #expect(weights.architecture.strides == [1, 2, 2] && weights.architecture.convolutions == 2)
    } else {
      #expect(weights.architecture.width == 4)
    }
    let store = try ParameterStore()
    _ = architecture.build(store.root)
    #expect(try weights.load(into: store).matched.count == tensors.count)
    #expect(try isSame(store.tensors(), tensors))
  }

  @Test func whatIsWrittenForNNUNetComesBackWholeAndByItsAliasesAlone() throws {
    let (_, tensors, metadata) = try made(.unet)
    let written = try read(tensors, metadata).exported(as: .nnunet).tensors
    #expect(written.count == 4 * tensors.count)
    #expect(try isSame(read(written).tensors, tensors))
    let deepest = written.filter {
      $0.key.hasPrefix("decoder.encoder.") && $0.key.contains(".all_modules.")
    }
    #expect(deepest.count == tensors.count)
    #expect(try isSame(read(deepest).tensors, tensors))
    let wrapped = Dictionary(
      uniqueKeysWithValues: tensors.map { ("module._orig_mod." + $0.key, $0.value) })
    #expect(try isSame(read(wrapped).tensors, tensors))
  }

  @Test func stringsFromBeforeASettingCameTellTheRestAndThoseOfOthersTellNothing() throws {
    var (architecture, tensors, metadata) = try made(.unet)
    architecture.strides = [1, 3, 2]
    let text = String(decoding: try JSONEncoder().encode(architecture), as: UTF8.self)
    let older = text.replacing("\"batchNormGroups\":1,", with: "")
      .replacing(",\"batchNormGroups\":1", with: "")
    #expect(older.count < text.count)
    for said in [older, "{\"encoder\":\(older),\"head\":\"decoder\",\"classes\":3}"] {
      metadata["architecture"] = said
      #expect(try read(tensors, metadata).architecture == architecture)
    }
    for foreign in ["UNet", "{\"name\":\"UNet\"}", "{\"encoder\":\"resnet34\"}"] {
      metadata["architecture"] = foreign
      #expect(try read(tensors, metadata).architecture.strides == [1, 2, 2])
    }
  }

  @Test func aDecoderGoesAlongWithItsAliasesAndTellsTheStrides() throws {
    var architecture = EncoderArchitecture()
    (architecture.features, architecture.strides) = ([4, 6, 8], [1, 4, 2])
    let store = try ParameterStore(seed: 1)
    _ = PlainConvUNet(store.root, architecture, classes: 3)
    let weights = try read(store.tensors())
    #expect(weights.architecture.strides == [1, 4, 2])
    #expect(weights.rest.keys.allSatisfy { $0.hasPrefix("decoder.") })
    let written = try weights.exported(as: .nnunet).tensors
    #expect(written["decoder.stages.1.convs.0.all_modules.1.bias"]?.shape == [4])
    #expect(written["decoder.transpconvs.0.weight"]?.shape == [8, 6, 2, 2])
    let check = try weights.check()
    #expect(check["logits.0"]?.shape == [2, 3, 64, 64])
    #expect(check["map.2"]?.shape == [2, 8, 8, 8])
  }

  @Test func twoNamesOfOneTensorMustHoldTheSameNumbers() throws {
    var (_, tensors, _) = try made(.unet)
    let (name, alias) = (
      "encoder.stages.1.0.convs.0.conv.bias", "encoder.stages.1.0.convs.0.all_modules.0.bias"
    )
    tensors[alias] = tensors[name].map { $0 + 1 }
    let error = #expect(throws: ModelsError.self) { try read(tensors) }
    #expect(error?.description.contains(name) == true)
  }

  @Test(arguments: [EncoderArchitecture.Kind.resnet18, .resnet50])
  func whiteningInTheLastNormFoldsIntoAPlainResNet(kind: EncoderArchitecture.Kind) throws {
    var recipe = WhiteningRecipe()
    recipe.width = 4
    var (architecture, tensors, metadata) = try made(kind, lastNorm: recipe)
    let norm = kind == .resnet50 ? "layer4.2.bn3" : "layer4.1.bn2"
    let groups = try #require(tensors[norm + ".running_covariance"]).shape[0]
    let root = Tensor.randomNormal([groups, 4, 4], seed: 3).to(.float64)
    tensors[norm + ".running_covariance"] = root.bmm(root.transposed)
    tensors[norm + ".bias"] = .randomNormal([groups * 4], seed: 4)
    let weights = try read(tensors, metadata)
    #expect(weights.architecture.lastNorm == recipe)
    let expected = try weights.check()
    let written = try weights.exported(as: .torchvision)
    architecture.lastNorm = nil
    #expect(written.architecture == architecture)
    #expect(Set(written.tensors.keys) == Set(try made(kind).tensors.keys))
    let found = try read(written.tensors).check()
    for stage in 0..<5 {
      let map = try #require(expected["map.\(stage)"])
      let scale = try map.absolute().largest().item()
      #expect(try difference(map, found["map.\(stage)"]) < 1e-5 * scale)
    }
  }

  @Test func whatAnotherToolHasNoPlaceForIsNotWritten() throws {
    let unet = try made(.unet)
    let whitened = try made(.unet, lastNorm: WhiteningRecipe())
    let resnet = try made(.resnet18)
    #expect(throws: ModelsError.self) { try read(unet.tensors).exported(as: .torchvision) }
    #expect(throws: ModelsError.self) { try read(resnet.tensors).exported(as: .nnunet) }
    #expect(throws: ModelsError.self) {
      try read(whitened.tensors, whitened.metadata).exported(as: .nnunet)
    }
    let own = try read(whitened.tensors, whitened.metadata).exported(as: .safetensors)
    #expect(own.architecture == whitened.architecture)
    #expect(try isSame(own.tensors, whitened.tensors))
  }

  @Test func threeColoursBecomeOneGreyChannelButNoThreeMeasurements() throws {
    let colours = try read(made(.resnet18, channels: 3).tensors)
    let grey = colours.adapted(toChannels: 1)
    #expect(grey.architecture.inputChannels == 1)
    let stem = try #require(colours.tensors["conv1.weight"])
    #expect(try difference(greyStem(stem), grey.tensors["conv1.weight"]) == 0)
    #expect(colours.adapted(toChannels: 2).architecture.inputChannels == 3)
    let measured = try read(made(.unet, channels: 3).tensors)
    #expect(measured.adapted(toChannels: 1).architecture.inputChannels == 3)
  }

  @Test(arguments: [DType.float16, .bfloat16, .float64])
  func otherFloatingPointTypesAreTaken(type: DType) throws {
    let tensors = try made(.unet).tensors
    let weights = try read(tensors.mapValues { $0.to(type) })
    let store = try ParameterStore()
    _ = weights.architecture.build(store.root)
    try weights.load(into: store)
    for (name, tensor) in tensors {
      let found = try #require(store[name])
      #expect(found.dtype == .float32)
      #expect(try difference(found, tensor.to(type)) == 0)
    }
  }

  @Test func filesOfOldVersionsWithoutCountersAreTaken() throws {
    let tensors = try made(.resnet18).tensors
    let old = tensors.filter { !$0.key.hasSuffix("num_batches_tracked") }
    #expect(old.count == tensors.count - 20)
    #expect(try read(old).tensors.keys.sorted() == tensors.keys.sorted())
  }

  @Test func aClassifierIsLeftAndACheckpointGivesItsQueryEncoder() throws {
    let tensors = try made(.resnet18).tensors
    var file = tensors
    file["fc.weight"] = .zeros([10, 32])
    #expect(try Array(read(file).rest.keys) == ["fc.weight"])
    var checkpoint: Tensors = ["random": .zeros([8], .uint8)]
    for (name, tensor) in tensors {
      checkpoint["query." + name] = tensor
      checkpoint["key." + name] = tensor + 1
    }
    checkpoint["query.projector.0.weight"] = .zeros([2, 32])
    let weights = try read(checkpoint)
    #expect(try isSame(weights.tensors, tensors))
    #expect(Array(weights.rest.keys) == ["projector.0.weight"])
  }

  @Test func whatDoesNotFitIsListedWithBothShapes() throws {
    var tensors = try made(.unet).tensors
    let bias = "encoder.stages.0.0.convs.0.conv.bias"
    tensors[bias] = .zeros([5])
    tensors["encoder.extra"] = .zeros([1])
    let gone = "encoder.stages.2.0.convs.1.norm.weight"
    tensors[gone] = nil
    let weights = try read(tensors)
    let store = try ParameterStore()
    _ = weights.architecture.build(store.root)
    let error = #expect(throws: NNError.self) { try weights.load(into: store) }
    guard case .doesNotFit(let report) = error else { return }
    #expect(report.missing == [gone] && report.unexpected == ["encoder.extra"])
    #expect(report.mismatched.map(\.name) == [bias])
    #expect(report.mismatched.map(\.expected) == [[4]] && report.mismatched.map(\.found) == [[5]])
  }

  @Test func filesThatLieOrHoldWhatCannotBeBuiltAreRefusedWithAReason() throws {
    let unet = try made(.unet)
    let resnet = try made(.resnet18)
    let first = "encoder.stages.0.0.convs.0.conv.weight"
    let second = "encoder.stages.1.0.convs.1.conv.weight"
    func refused(
      _ tensors: Tensors, _ reason: String, _ metadata: [String: String] = [:],
      _ change: (inout Tensors) -> Void = { _ in }
    ) {
      var changed = tensors
      change(&changed)
      let error = #expect(throws: ModelsError.self) { try read(changed, metadata) }
      #expect(error?.description.contains(reason) == true, "\(reason): \(error?.description ?? "")")
    }
    refused([:], "its names are neither")
    refused(["fc.weight": .zeros([2, 2])], "its names are neither")
    refused(unet.tensors, "is missing") { $0[first] = nil }
    refused(unet.tensors, "not a convolution of images") { $0[first] = .zeros([4, 1, 3, 3, 3]) }
    refused(unet.tensors, "6×6×5×5 where 6×6×3×3") { $0[second] = .zeros([6, 6, 5, 5]) }
    refused(unet.tensors, "[2, 1, 2] convolutions") { $0[second] = nil }
    refused(unet.tensors, "only square strides") {
      $0["decoder.transpconvs.0.weight"] = .zeros([8, 6, 2, 1])
    }
    refused(unet.tensors, "strides") {
      $0["decoder.transpconvs.0.weight"] = .zeros([8, 6, 99, 99])
    }
    refused(unet.tensors, "no finite numbers") { $0[first] = .full([4, 1, 3, 3], .nan) }
    refused(unet.tensors, "int8") { $0[first] = .zeros([4, 1, 3, 3], .int8) }
    refused(resnet.tensors, "basic blocks") { $0["layer2.2.conv1.weight"] = .zeros([1]) }
    refused(resnet.tensors, "conv1.weight is not") { $0["conv1.weight"] = .zeros([4]) }
    refused(resnet.tensors, "layer1.1.conv2.weight is 4×4×3×3") {
      $0["conv1.weight"] = .zeros([4000, 1, 7, 7])
    }
    // A few bytes that ask for a network of terabytes.
    refused(unet.tensors, "where 60000×60000×3×3") {
      $0["encoder.stages.2.0.convs.0.conv.weight"] = .zeros([60000, 6, 3, 3])
    }
    refused(resnet.tensors, "another encoder than its tensors", unet.metadata)
    refused(try made(.unet, channels: 2).tensors, "another encoder", unet.metadata)
  }
}
