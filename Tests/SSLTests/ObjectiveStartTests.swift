import Foundation
import Models
import NN
import SSL
import TestFolders
import Testing
import Torch

private func refusal(_ moco: MoCo, _ path: String) -> (report: LoadReport, sentence: String)? {
  let error = #expect(throws: PretrainError.self) { try moco.start(from: path) }
  guard case .startDoesNotFit(_, let report, _) = error else { return nil }
  return (report, error.map { "\($0)" } ?? "")
}

@Suite struct ObjectiveStartTests {
  private let folder = TemporaryFolder()

  /// A file with the weights of a network of other random values.
  private func file(
    _ change: (inout EncoderArchitecture) -> Void = { _ in }
  ) throws -> (path: String, tensors: [String: Tensor]) {
    var architecture = EncoderArchitecture()
    (architecture.features, architecture.strides) = ([8, 16, 16], [1, 2, 2])
    change(&architecture)
    let store = try ParameterStore(seed: 99)
    _ = architecture.build(store.root)
    let path = folder.new(".safetensors")
    try SafeTensors(tensors: store.tensors()).write(to: path)
    return (path, store.tensors())
  }

  @Test func bothEncodersStartFromTheFileAndTheHeadsStayAsTheyWere() throws {
    let moco = try MoCo(resolved(), channels: 1)
    let before = moco.query.store.tensors().mapValues { $0.clone() }
    let (path, tensors) = try file()
    let note = try moco.start(from: path)
    #expect(note.contains("24 tensors of a unet"))
    for store in [moco.query.store, moco.key.store] {
      for entry in store.entries {
        let expected = try #require(tensors[entry.name] ?? before[entry.name])
        #expect(
          try entry.tensor.array(of: Double.self) == expected.array(of: Double.self),
          "\(entry.name)")
      }
    }
  }

  @Test(arguments: PretrainRecipe.Method.allCases)
  func everyMethodStartsFromTheSameEncoder(method: PretrainRecipe.Method) throws {
    let (path, tensors) = try file()
    let objective = try resolved {
      ($0.method, $0.local.enabled, $0.decorrelation.place) = (method, method == .moco, .none)
    }.objective(channels: 1)
    _ = try objective.start(from: path)
    for (name, tensor) in tensors {
      let expected = try tensor.floats()
      #expect(try objective.backbone.store[name]?.floats() == expected, "\(name)")
      if let follower = objective.memory["key." + name] {
        #expect(try follower.floats() == expected, "\(name)")
      }
    }
  }

  @Test func aRunGoesOnFromItsCheckpointAndNotFromTheFile() throws {
    var recipe = smallRecipe()
    (recipe.initialWeights, recipe.steps) = (try file().path, 2)
    let run = folder.new()
    #expect(try pretrain(data, recipe: recipe, into: run).notes.count == 1)
    try FileManager.default.removeItem(atPath: recipe.initialWeights)
    #expect(try pretrain(data, recipe: recipe, into: run, resume: true).isComplete)
  }

  @Test func anotherEncoderIsRefusedWithBothShapesAndWhatToSet() throws {
    let moco = try MoCo(resolved(), channels: 1)
    let wider = try #require(refusal(moco, file { $0.features = [8, 12, 16] }.path))
    #expect(wider.sentence.contains("set pretrain.features='[8, 12, 16]'"))
    let bias = wider.report.mismatched.first { $0.name.hasSuffix("stages.1.0.convs.0.conv.bias") }
    #expect(bias?.expected == [16] && bias?.found == [12])
    let residual = try #require(
      refusal(moco, file { ($0.kind, $0.width) = (.resnet18, 4) }.path))
    #expect(residual.sentence.contains("set pretrain.architecture=resnet18"))
    #expect(residual.report.missing.count == 24)
    let channels = try #require(refusal(moco, file { $0.inputChannels = 3 }.path))
    #expect(channels.sentence.contains("3 channels and the slices 1"))
  }

  @Test func aUNetOfOtherStridesIsRefusedThoughItsShapesFit() throws {
    let moco = try MoCo(resolved(), channels: 1)
    var (path, tensors) = try file()
    tensors["decoder.transpconvs.0.weight"] = .zeros([16, 16, 4, 4])
    try SafeTensors(tensors: tensors).write(to: path)
    let refused = try #require(refusal(moco, path))
    #expect(refused.report.isComplete && refused.sentence.contains("strides [1, 2, 4]"))
  }
}
