import Foundation
import Models
import NN
import TestTensors
import Testing
import Torch

/// The numbers of `pattern` in Fixtures/make.py.
private func pattern(_ shape: [Int], _ ordinal: Int) -> Tensor {
  let x = Tensor.range(0..<shape.reduce(1, *)).to(.float64) * 7919 + Double(ordinal * 104_729)
  return ((x - (x / 2003).floor() * 2003) / 2003 - 0.5).reshaped(shape)
}

@Suite struct ResNetTests {
  @Test(arguments: [EncoderArchitecture.Kind.resnet18, .resnet50])
  func itHasTorchvisionsNamesAndGivesItsValues(kind: EncoderArchitecture.Kind) throws {
    let expected = try fixture(kind.rawValue)
    var architecture = EncoderArchitecture()
    (architecture.kind, architecture.inputChannels) = (kind, 3)
    let store = try ParameterStore()
    let net = architecture.build(store.root)
    let names =
      try JSONSerialization.jsonObject(
        with: Data(try #require(expected.metadata["names"]).utf8)) as? [[Any]]
    let listed = try #require(names).map { ($0[0] as? String, $0[1] as? [Int]) }
    #expect(
      Set(listed.map { "\($0 ?? "") \($1 ?? [])" })
        == Set(store.entries.map { "\($0.name) \($0.tensor.shape)" }))
    for (ordinal, (name, shape)) in listed.enumerated() {
      let (name, shape) = (try #require(name), try #require(shape))
      if name.hasSuffix("num_batches_tracked") { continue }
      var numbers = pattern(shape, ordinal)
      if shape.count == 4 {
        numbers = numbers * (12 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
      } else if name.hasSuffix("running_var") || name.hasSuffix("weight") {
        numbers = numbers + 1
      }
      withoutGradients { store[name]?.copy(from: numbers) }
    }
    let image = pattern([2, 3, 64, 64], 999).to(.float32)
    let maps = withoutGradients { net(image, .evaluation) }
    #expect(maps.map { $0.shape[1] } == net.channels)
    #expect(maps.map { 64 / $0.shape[2] } == net.strides)
    for (index, map) in maps.enumerated() {
      let means = try #require(expected.tensors["means.\(index)"])
      let scale = try means.absolute().largest().item()
      #expect(try difference(map.globallyPooled(), means) < 1e-5 * scale)
    }
    let last = try #require(expected.tensors["last"])
    let found = maps[4].narrowed(axis: 1, 0..<64)
    #expect(try difference(found, last) < 1e-5 * last.absolute().largest().item())
  }

  @Test func aGreyStemGivesWhatThreeEqualChannelsGive() throws {
    let weight = Tensor.randomNormal([4, 3, 7, 7], seed: 1)
    let grey = Tensor.randomNormal([1, 1, 16, 16], seed: 2)
    let three = grey.expanded([1, 3, 16, 16])
    #expect(try difference(grey.conv2d(greyStem(weight)), three.conv2d(weight)) < 1e-4)
  }

  @Test func everyParameterOfAGreyResNetLearns() throws {
    var architecture = EncoderArchitecture()
    (architecture.kind, architecture.width, architecture.batchNormGroups) = (.resnet18, 4, 2)
    let store = try ParameterStore(seed: 1)
    let net = architecture.build(store.root)
    let maps = net(.randomNormal([4, 1, 64, 64], seed: 1), .training)
    #expect(maps[4].shape == [4, 32, 2, 2])
    maps[4].squared().mean().backward()
    for parameter in store.parameters {
      #expect(
        try #require(parameter.tensor.gradient).absolute().sum().item() > 0, "\(parameter.name)")
    }
  }
}
