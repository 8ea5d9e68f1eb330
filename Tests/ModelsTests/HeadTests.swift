import Models
import NN
import TestTensors
import Testing
import Torch

@Suite struct HeadTests {
  @Test func headsHaveTheNamesOfMoCoAndTheirDerivatives() throws {
    let store = try ParameterStore(seed: 1, dtype: .float64)
    let global = ProjectionHead(store.root / "fc", 4, output: 3)
    let local = LocalProjectionHead(store.root / "local", 4, hidden: 6, output: 3)
    #expect(
      store.entries.prefix(4).map(\.name) == [
        "fc.0.weight", "fc.0.bias", "fc.2.weight", "fc.2.bias",
      ])
    let x = Tensor.randomNormal([2, 4, 3, 3], seed: 1).to(.float64)
    #expect(local(x).shape == [2, 3, 3, 3] && global(x.globallyPooled()).shape == [2, 3])
    #expect(try gradientError(of: [x]) { global($0[0].globallyPooled()).squared().sum() } < 1e-7)
    #expect(try gradientError(of: [x]) { local($0[0]).squared().sum() } < 1e-7)
  }

  @Test func theLinearHeadIsOneConvolutionOnNormedUpsampledMaps() throws {
    let store = try ParameterStore(seed: 1)
    let head = LinearSegmentationHead(store.root, channels: [3, 5], classes: 4)
    let maps = [Tensor.randomNormal([2, 3, 8, 8], seed: 1), .randomNormal([2, 5, 4, 4], seed: 2)]
    for _ in 0..<5 { _ = head(maps, to: (16, 16), .training) }
    let scaled = maps.enumerated().map { index, map in
      map.batchNormalized(
        weight: nil, bias: nil, mean: store["norm.\(index).running_mean"],
        variance: store["norm.\(index).running_var"], training: false
      ).interpolated(to: (16, 16))
    }
    let expected = Tensor.concatenated(scaled, axis: 1).conv2d(head.weight, bias: head.bias)
    #expect(try difference(head(maps, to: (16, 16), .evaluation), expected) < 1e-5)
    #expect(store.parameters.map(\.name) == ["weight", "bias"])
  }

  @Test func derivativesOfTheLinearHeadAreThoseOfFiniteDifferences() throws {
    let head = LinearSegmentationHead(
      try ParameterStore(seed: 1, dtype: .float64).root, channels: [2, 3], classes: 2)
    let maps = [Tensor.randomNormal([2, 2, 4, 4], seed: 1), .randomNormal([2, 3, 2, 2], seed: 2)]
    let error = try gradientError(of: maps.map { $0.to(.float64) }) {
      head($0, to: (4, 4), .training).power(3).sum()
    }
    #expect(error < 1e-6)
  }

  @Test func theCovariancePenaltyIsZeroWithoutCorrelationAndGrowsWithIt() throws {
    let z = try Tensor([1, 1, 1, -1, -1, 1, -1, -1] as [Double], [4, 2])
    #expect(abs(try covariancePenalty(z).item()) < 1e-15)
    let same = try Tensor([1, 1, -1, -1] as [Double], [2, 2])  // covariance 2 between two channels
    #expect(abs(try covariancePenalty(same).item() - 4) < 1e-12)
    let x = Tensor.randomNormal([6, 4], seed: 1).to(.float64)
    #expect(try gradientError(of: [x]) { covariancePenalty($0[0]) } < 1e-7)
  }
}
