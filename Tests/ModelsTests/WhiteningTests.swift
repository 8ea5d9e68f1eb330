import Models
import NN
import TestTensors
import Testing
import Torch

/// Correlated features N×C×H×W with eigenvalues from 1 down to 1/C² and means that are not 0.
private func correlated(_ shape: [Int], seed: UInt64 = 1) -> Tensor {
  let channels = shape[1]
  let spectrum = Tensor.range(1..<channels + 1).to(.float32).reciprocal()
  let symmetric = Tensor.randomNormal([channels, channels], seed: 99)
  let rotation = (symmetric + symmetric.transposed).symmetricEigen().vectors
  let mixing = (rotation * spectrum).matmul(rotation.transposed)  // C×C
  let noise = Tensor.randomNormal([shape[0] * shape[2] * shape[3], channels], seed: seed)
  let rows = noise.matmul(mixing) + 3
  return rows.reshaped([shape[0], shape[2], shape[3], channels]).permuted([0, 3, 1, 2])
}

/// Covariance of the channels over N·H·W, float64.
private func covariance(_ x: Tensor) -> Tensor {
  let rows = x.permuted([1, 0, 2, 3]).reshaped([x.shape[1], -1]).to(.float64)
  let centred = rows - rows.mean(axis: 1, keep: true)
  return centred.matmul(centred.transposed) / Double(centred.shape[1])
}

private func trained(
  _ store: ParameterStore, _ channels: Int, _ recipe: WhiteningRecipe, affine: Bool = false
) -> Whitening {
  let layer = Whitening(store.root / "w", channels, recipe, affine: affine)
  for step in 0..<60 { _ = layer(correlated([4, channels, 8, 8], seed: UInt64(step)), .training) }
  return layer
}

@Suite struct WhiteningTests {
  @Test func theCovarianceOfWhitenedFeaturesIsTheIdentity() throws {
    let x = correlated([8, 16, 12, 12])
    let y = Whitening(try ParameterStore().root, 16)(x, .training)
    let identity = Tensor.identity(16, .float64)
    #expect(try (covariance(x) - identity).absolute().largest().item() > 0.1)
    var recipe = WhiteningRecipe()
    recipe.epsilon = 1e-7
    let sharp = Whitening(try ParameterStore().root, 16, recipe)(x, .training)
    #expect(try (covariance(sharp) - identity).absolute().largest().item() < 1e-3)
    #expect(try sharp.mean(axes: [0, 2, 3]).absolute().largest().item() < 1e-4)
    // ε = 1e-5 of the mean eigenvalue costs that much of the smallest, 1/256 of the largest.
    #expect(try (covariance(y) - identity).absolute().largest().item() < 1e-2)
  }

  @Test func groupsAreWhitenedByThemselves() throws {
    var recipe = WhiteningRecipe()
    recipe.width = 4
    recipe.epsilon = 1e-7
    let layer = Whitening(try ParameterStore().root, 8, recipe)
    let c = covariance(layer(correlated([8, 8, 12, 12]), .training))
    for group in [0..<4, 4..<8] {
      let block = c[group].narrowed(axis: 1, group) - .identity(4, .float64)
      #expect(try block.absolute().largest().item() < 1e-3)
    }
    #expect(try c[0..<4].narrowed(axis: 1, 4..<8).absolute().largest().item() > 1e-2)
  }

  @Test func theWidthIsTheLargestDivisorUpToItsLimit() {
    #expect(Whitening.width(of: 128, atMost: 64) == 64)
    #expect(Whitening.width(of: 96, atMost: 64) == 48)
    #expect(Whitening.width(of: 8, atMost: 64) == 8)
    #expect(Whitening.width(of: 7, atMost: 4) == 1)
  }

  @Test func aBatchOfTooFewSamplesTrapsAndSaysHowManyItNeeds() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Whitening(try ParameterStore().root, 64)(.zeros([127, 64]), .training)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("needs 128 samples, the batch has 127"))
  }

  @Test func pooledVectorsAreWhitenedLikeMaps() throws {
    let x = correlated([64, 8, 1, 1])
    let flat = Whitening(try ParameterStore().root, 8)(x.reshaped([64, 8]), .training)
    let map = Whitening(try ParameterStore().root, 8)(x, .training)
    #expect(try difference(flat, map.reshaped([64, 8])) == 0)
  }

  @Test(arguments: WhiteningRecipe.Kind.allCases)
  func itsDerivativesAreThoseOfFiniteDifferences(kind: WhiteningRecipe.Kind) throws {
    var recipe = WhiteningRecipe()
    (recipe.kind, recipe.width, recipe.epsilon) = (kind, 2, 1e-3)
    let layer = Whitening(try ParameterStore(dtype: .float64).root, 4, recipe, affine: true)
    let x = correlated([3, 4, 2, 2]).to(.float64)
    let weights = Tensor.randomNormal([3, 4, 2, 2], seed: 8).to(.float64)
    for mode in [Mode.training, .evaluation] {
      let frozen = layer.covariance.clone()
      let error = try gradientError(of: [x]) { inputs in
        layer.covariance.copy(from: frozen)
        return (layer(inputs[0], mode) * weights).sum()
      }
      #expect(error < 1e-6, "\(mode)")
    }
  }

  @Test func constantFeaturesGiveZerosAndFiniteGradients() throws {
    let layer = Whitening(try ParameterStore().root, 8)
    let x = Tensor.full([4, 8, 4, 4], 3).requiringGradient()
    let y = layer(x, .training)
    #expect(try y.absolute().largest().item() == 0)
    (y * Tensor.randomNormal([4, 8, 4, 4], seed: 1)).sum().backward()
    #expect(try #require(x.gradient).isFinite().all().array(of: Bool.self) == [true])
  }

  @Test func halfOfTheChannelsDeadGivesFiniteValuesAndGradients() throws {
    let x = correlated([8, 8, 6, 6])
    x.narrowed(axis: 1, 4..<8).fill(0)
    let leaf = x.clone().requiringGradient()
    let y = Whitening(try ParameterStore().root, 8)(leaf, .training)
    (y * Tensor.randomNormal([8, 8, 6, 6], seed: 1)).sum().backward()
    #expect(try y.isFinite().all().array(of: Bool.self) == [true])
    #expect(try #require(leaf.gradient).isFinite().all().array(of: Bool.self) == [true])
  }

  @Test func mixedPrecisionDoesNotEnter() throws {
    let x = correlated([8, 16, 12, 12])
    let store = try ParameterStore()
    let exact = Whitening(store.root / "a", 16)(x, .training)
    let inside = withAutocast { Whitening(store.root / "b", 16)(x, .training) }
    #expect(inside.dtype == .float32)
    #expect(try inside.floats() == exact.floats())
    let short = withAutocast { Whitening(store.root / "c", 16)(x.to(.bfloat16), .training) }
    #expect(short.dtype == .float32)
  }

  @Test func runningStatisticsConvergeToTheBatchs() throws {
    let store = try ParameterStore()
    let layer = Whitening(store.root, 8)
    let x = correlated([8, 8, 12, 12])
    for _ in 0..<150 { _ = layer(x, .training) }
    #expect(try difference(layer(x, .evaluation), layer(x, .training)) < 1e-3)
    #expect(store.buffers.map(\.name) == ["running_mean", "running_covariance"])
  }

  /// Effective rank (exponential of the entropy of the eigenvalues) over the dimension.
  private func effectiveRank(_ covariance: Tensor) throws -> Double {
    let values = covariance.symmetricEigen().values.clamped(min: 1e-12)
    let p = values / (try values.sum().item())
    return try (-(p * p.logarithm()).sum()).exponential().item() / Double(covariance.shape[0])
  }

  @Test(arguments: [(5, 0.85), (7, 0.98)])
  func iterNormReachesTheRankOfTheTable(steps: Int, rank: Double) throws {
    // reference values for 64 channels, eigenvalues 1/i: 0.45 before, 0.85 and 0.98 after 5 and 7 steps
    let s = Tensor.zeros([1, 64, 64], .float64)
    s.diagonal().copy(from: Tensor.range(1..<65).to(.float64).reciprocal().reshaped([1, 64]))
    let w = newtonInverseSquareRoot(s, steps: steps)
    #expect(abs(try effectiveRank(s[0]) - 0.45) < 0.05)
    #expect(abs(try effectiveRank(w.bmm(s).bmm(w)[0]) - rank) < 0.05)
  }

  @Test(arguments: WhiteningRecipe.Kind.allCases)
  func foldedForwardIntoALinearLayerOrA1x1ConvolutionNothingChanges(kind: WhiteningRecipe.Kind)
    throws
  {
    var recipe = WhiteningRecipe()
    (recipe.kind, recipe.width) = (kind, 4)
    let store = try ParameterStore(seed: 3)
    let layer = trained(store, 8, recipe)
    let x = correlated([2, 8, 8, 8], seed: 77)
    let conv = Conv2d(store.root / "conv", 8, 5, kernel: 1)
    let folded = layer.foldedForward(into: conv.weight, bias: conv.bias)
    let expected = conv(layer(x, .evaluation))
    #expect(try difference(x.conv2d(folded.weight, bias: folded.bias), expected) < 1e-5)
    let linear = Linear(store.root / "linear", 8, 5, bias: false)
    let through = layer.foldedForward(into: linear.weight, bias: nil)
    let pooled = linear(layer(x, .evaluation).globallyPooled())
    #expect(
      try difference(x.globallyPooled().linear(through.weight, bias: through.bias), pooled) < 1e-5)
  }

  @Test(arguments: WhiteningRecipe.Kind.allCases)
  func foldedBackwardIntoTheConvolutionBeforeNothingChanges(kind: WhiteningRecipe.Kind) throws {
    var recipe = WhiteningRecipe()
    recipe.kind = kind
    let store = try ParameterStore(seed: 3)
    let layer = trained(store, 8, recipe, affine: true)
    withoutGradients { layer.weight?.copy(from: .randomNormal([8], seed: 2)) }
    withoutGradients { layer.bias?.copy(from: .randomNormal([8], seed: 3)) }
    for bias in [true, false] {
      let conv = Conv2d(store.root / "conv\(bias)", 3, 8, stride: 2, bias: bias)
      let folded = layer.foldedBackward(into: conv.weight, bias: conv.bias)
      let x = Tensor.randomNormal([2, 3, 9, 9], seed: 4)
      let expected = layer(conv(x), .evaluation)
      let found = x.conv2d(folded.weight, bias: folded.bias, stride: 2, padding: 1)
      // Features are up to 40 here: a millionth of that is a few units of a float's last place.
      let largest: Double = try expected.absolute().largest().item()
      #expect(try difference(found, expected) < 1e-6 * largest)
    }
  }

  @Test(arguments: [EncoderArchitecture.Kind.unet, .resnet18, .resnet50])
  func inPlaceOfTheLastNormItKeepsTheOtherNames(kind: EncoderArchitecture.Kind) throws {
    var architecture = EncoderArchitecture()
    (architecture.kind, architecture.width) = (kind, 4)
    let plain = try ParameterStore()
    _ = architecture.build(plain.root)
    var recipe = WhiteningRecipe()
    recipe.width = 8
    architecture.lastNorm = recipe
    let store = try ParameterStore(seed: 1)
    let net = architecture.build(store.root)
    let added = Set(store.entries.map(\.name)).subtracting(plain.entries.map(\.name))
    #expect(added.allSatisfy { $0.hasSuffix("running_covariance") || $0.hasSuffix("running_mean") })
    #expect(added.contains { $0.hasSuffix("running_covariance") })
    let map = net(.randomNormal([16, 1, 64, 64], seed: 1), .training).last
    #expect(try #require(map).isFinite().all().array(of: Bool.self) == [true])
  }
}
