import NN
import TestTensors
import Testing
import Torch

@Suite struct LayerTests {
  @Test func layersGiveWhatPyTorchsGive() throws {
    let expected = try fixture("layers").tensors
    let x = try #require(expected["x"])
    let store = try ParameterStore()
    #expect(try difference(InstanceNorm2d(store.root / "i", 6)(x), expected["instance"]) < 1e-6)
    let transposed = ConvTranspose2d(
      store.root / "transposed" / "state", 6, 2, kernel: 2, stride: 2)
    try store.load(expected, strict: false)
    #expect(try difference(transposed(x), expected["transposed"]) < 1e-6)
  }

  @Test func batchNormGivesPyTorchsValuesAndRunningStatistics() throws {
    let expected = try fixture("layers").tensors
    let x = try #require(expected["x"])
    let store = try ParameterStore()
    let norm = BatchNorm2d(store.root, 6)
    _ = norm(x, .training)
    #expect(try difference(norm(x * 2 + 1, .training), expected["batch.training"]) < 1e-5)
    for (name, tensor) in store.tensors(prefix: "batch.state.") {
      #expect(try difference(tensor, expected[name]) < 1e-6, "\(name)")
    }
    #expect(try difference(norm(x, .evaluation), expected["batch.evaluation"]) < 1e-5)
    #expect(try norm.batches.item() == 2)
  }

  @Test func aSplitBatchNormIsSeveralBatchNorms() throws {
    let x = Tensor.randomNormal([8, 3, 4, 4], seed: 1)
    x[0..<4].multiply(by: 3)
    let split = BatchNorm2d(try ParameterStore().root, 3, groups: 2)
    let halves = [0..<4, 4..<8].map { range in
      x[range].batchNormalized(weight: nil, bias: nil, mean: nil, variance: nil, training: true)
    }
    let y = split(x, .training)
    #expect(try difference(y, .concatenated(halves, axis: 0)) < 1e-6)
    let whole = x.batchNormalized(weight: nil, bias: nil, mean: nil, variance: nil, training: true)
    #expect(try difference(y, whole) > 0.1)
  }

  @Test func theRunningStatisticsOfASplitBatchNormAreAsOldAsOfAWholeOne() throws {
    let x = Tensor.randomNormal([4, 2, 8, 8], seed: 1)
    let same = Tensor.concatenated([x, x], axis: 0)
    let split = BatchNorm2d(try ParameterStore().root, 2, groups: 2)
    let whole = BatchNorm2d(try ParameterStore().root, 2)
    _ = (split(same, .training), whole(x, .training))
    #expect(try difference(split.mean, whole.mean) < 1e-6)
    #expect(try difference(split.variance, whole.variance) < 1e-6)
  }

  @Test func evaluationUsesWhatTrainingLearnedAndChangesNothing() throws {
    let norm = BatchNorm2d(try ParameterStore().root, 2, affine: false)
    let x = Tensor.randomNormal([4, 2, 8, 8], seed: 1) * 2 + 5
    for _ in 0..<200 { _ = norm(x, .training) }
    let mean = try norm.mean.floats()
    #expect(try difference(norm(x, .evaluation), norm(x, .training)) < 1e-2)
    let after = try norm.mean.floats()
    _ = norm(x * 9, .evaluation)
    #expect(try norm.mean.floats() == after && mean.allSatisfy { abs($0 - 5) < 0.5 })
  }

  @Test func derivativesOfEveryLayerAreThoseOfFiniteDifferences() throws {
    let store = try ParameterStore(seed: 1, dtype: .float64)
    let x = Tensor.randomNormal([4, 4, 5, 5], seed: 1).to(.float64)
    func check(_ name: String, _ input: Tensor, _ layer: (Tensor) -> Tensor) throws {
      let error = try gradientError(of: [input]) { inputs in
        let y = layer(inputs[0]).reshaped([-1])
        return (y * Tensor.randomNormal([y.count], seed: 2).to(.float64)).sum()
      }
      #expect(error < 1e-6, "\(name)")
    }
    let conv = Conv2d(store.root / "a", 4, 6, stride: 2, dilation: 2)
    try check("Conv2d", x) { conv($0) }
    let transposed = ConvTranspose2d(store.root / "b", 4, 3, kernel: 2, stride: 2)
    try check("ConvTranspose2d", x) { transposed($0) }
    let linear = Linear(store.root / "c", 5, 3)
    try check("Linear", x) { linear($0) }
    let batch = BatchNorm2d(store.root / "d", 4)
    try check("BatchNorm2d", x) { batch($0, .training) }
    try check("BatchNorm2d in evaluation", x) { batch($0, .evaluation) }
    let split = BatchNorm2d(store.root / "e", 4, groups: 2)
    try check("BatchNorm2d in groups", x) { split($0, .training) }
    let instance = InstanceNorm2d(store.root / "f", 4)
    try check("InstanceNorm2d", x) { instance($0) }
  }

  @Test func aConvolutionOfStrideOneKeepsTheSize() throws {
    let store = try ParameterStore()
    for (kernel, dilation) in [(1, 1), (3, 1), (5, 2)] {
      let conv = Conv2d(
        store.root / kernel, 1, 2, kernel: kernel, dilation: dilation)
      #expect(conv(.zeros([1, 1, 9, 11])).shape == [1, 2, 9, 11])
    }
  }
}
