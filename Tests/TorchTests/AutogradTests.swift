import Testing
import Torch

private func random(_ shape: [Int], _ seed: UInt64) -> Tensor {
  Tensor.randomNormal(shape, seed: seed).to(.float64)
}

@Suite struct AutogradTests {
  @Test func backwardAddsUpAndForgetsWhenTold() throws {
    let x = try double([3]).requiringGradient()
    #expect(x.gradient == nil)
    x.squared().sum().backward()
    x.squared().sum().backward()
    #expect(try x.gradient?.item() == 12)
    x.clearGradient()
    #expect(x.gradient == nil)
  }

  @Test func gradientsOfATensorThatIsNotUsedAreZerosAndNothingIsAddedUp() throws {
    let x = try double([3]).requiringGradient()
    let y = try double([5, 6]).requiringGradient()
    let found = (x * x).sum().gradients(of: [x, y])
    #expect(try found[0].item() == 6 && found[1].array(of: Double.self) == [0, 0])
    #expect(x.gradient == nil)
  }

  @Test func withoutGradientsKeepsNothingAndRestoresTheSwitchAlsoAfterAnError() throws {
    let x = try double([3]).requiringGradient()
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try withoutGradients {
        #expect(!(x * 2).requiresGradient)
        throw Stop()
      }
    }
    #expect((x * 2).requiresGradient && !(x * 2).detached().requiresGradient)
  }

  @Test func autocastShortensProductsInsideOnly() throws {
    let x = Tensor.randomNormal([8, 8], seed: 1)
    let exact = x.matmul(x)
    withAutocast {
      #expect(x.matmul(x).dtype == .bfloat16)
      #expect(withoutAutocast { x.matmul(x) }.dtype == .float32)
      #expect(x.matmul(x).dtype == .bfloat16)
    }
    #expect(try x.matmul(x).floats() == exact.floats())
  }

  @Test func aWeightFirstUsedWithoutGradientsStillLearnsUnderAutocast() throws {
    let weight = Tensor.randomNormal([4, 4], seed: 1).requiringGradient()
    let x = Tensor.randomNormal([2, 4], seed: 2)
    withAutocast {
      _ = withoutGradients { x.linear(weight) }
      x.linear(weight).to(.float32).sum().backward()
    }
    #expect(try #require(weight.gradient).absolute().sum().item() > 0)
  }

  @Test func derivativesOfElementwiseFunctionsAreThoseOfFiniteDifferences() throws {
    let x = random([2, 3], 1)
    let functions: [(Tensor) -> Tensor] = [
      { $0.exponential() }, { ($0.squared() + 1).logarithm() }, { ($0.squared() + 1).squareRoot() },
      { ($0.squared() + 1).reciprocalSquareRoot() }, { 1 / ($0.squared() + 1) }, { $0.sigmoid() },
      { $0.relu() }, { $0.leakyReLU(0.01) }, { $0.absolute() },
      { $0.power(3) }, { $0.maximum(-$0 * 0.5) }, { $0.clamped(-0.5...0.5) },
      { $0.softmax(axis: 1).squared() }, { $0.logSoftmax(axis: 0).squared() },
      { $0.normalized(axis: 1) * 3 }, { $0.logSumExp(axis: 1) }, { $0.variance(axis: 0) },
      { $0.norm() },
      { $0.padded([1, 2]).squared() }, { $0.flipped([0]).squared() },
      { $0.filled(2, where: $0 .> 0) }, { $0.top(2, axis: 1).values.squared() },
      { $0.selecting(axis: 1, .range(0..<2)).squared() }, { $0.matmul($0.transposed).diagonal() },
      { $0.singularValues() },
    ]
    for (index, function) in functions.enumerated() {
      let weights = random([64], 9)
      let error = try gradientError(of: [x]) { inputs in
        let y = function(inputs[0]).reshaped([-1])
        return (y * weights[0..<y.count]).sum()
      }
      #expect(error < 1e-7, "function \(index)")
    }
  }

  @Test func derivativesOfLayersAreThoseOfFiniteDifferences() throws {
    let x = random([2, 4, 5, 5], 1)
    let bias = random([4], 3)
    func check(_ name: String, _ inputs: [Tensor], _ layer: ([Tensor]) -> Tensor) throws {
      let error = try gradientError(of: inputs) { inputs in
        let y = layer(inputs).reshaped([-1])
        return (y * random([y.count], 11)).sum()
      }
      #expect(error < 1e-6, "\(name)")
    }
    let kernel = random([6, 2, 3, 3], 2)
    try check("conv2d", [x, kernel, random([6], 3)]) {
      $0[0].conv2d($0[1], bias: $0[2], stride: 2, padding: 1, groups: 2)
    }
    try check("convTranspose2d", [x, random([4, 3, 2, 2], 2), random([3], 3)]) {
      $0[0].convTranspose2d($0[1], bias: $0[2], stride: 2)
    }
    try check("linear", [random([3, 4], 1), random([2, 4], 2), random([2], 3)]) {
      $0[0].linear($0[1], bias: $0[2])
    }
    try check("maxPooled", [x]) { $0[0].maxPooled(2) }
    try check("averagePooled", [x]) { $0[0].averagePooled(2) }
    try check("averagePooled to", [x]) { $0[0].averagePooled(to: (2, 3)) }
    try check("globallyPooled", [x]) { $0[0].globallyPooled() }
    try check("bilinear", [x]) { $0[0].interpolated(to: (7, 9)) }
    try check("nearest", [x]) { $0[0].interpolated(to: (7, 9), .nearest) }
    try check("sampled", [x, random([2, 3, 3, 2], 5) * 0.3]) { $0[0].sampled(at: $0[1]) }
    try check("batch norm", [x, bias, bias]) {
      $0[0].batchNormalized(weight: $0[1], bias: $0[2], mean: nil, variance: nil, training: true)
    }
    try check("instance norm", [x, bias, bias]) {
      $0[0].instanceNormalized(weight: $0[1], bias: $0[2])
    }
    try check("bmm", [random([2, 3, 4], 1), random([2, 4, 2], 2)]) { $0[0].bmm($0[1]) }
  }

  @Test func crossEntropyIsTheLogarithmOfTheSoftmaxAtTheTarget() throws {
    let logits = random([4, 3], 1)
    let target = try Tensor([0, 2, -100, 1] as [Int64], [4])
    let rows = try logits.logSoftmax(axis: 1).array(of: Double.self)
    let expected = -(rows[0] + rows[5] + rows[10]) / 3
    #expect(try close([logits.crossEntropy(target).item()], [expected]))
    #expect(
      try close([logits.logSoftmax(axis: 1).negativeLogLikelihood(target).item()], [expected]))
    #expect(try close([logits.crossEntropy(target, reduction: .sum).item()], [3 * expected]))
    #expect(logits.crossEntropy(target, reduction: .none).shape == [4])
    #expect(try gradientError(of: [logits]) { $0[0].crossEntropy(target, smoothing: 0.1) } < 1e-8)
  }

  @Test func gridSampleAtPixelCentresGivesThePixels() throws {
    let x = random([1, 2, 3, 4], 1)
    var points: [Double] = []
    for place in 0..<12 {
      let (row, column) = (Double(place / 4), Double(place % 4))
      points += [(2 * column + 1) / 4 - 1, (2 * row + 1) / 3 - 1]
    }
    let grid = try Tensor(points, [1, 3, 4, 2])
    #expect(try close(x.sampled(at: grid).array(), x.array()))
    let outside = Tensor.full([1, 1, 1, 2], 5, .float64)
    #expect(try x.sampled(at: outside).array(of: Double.self) == [0, 0])
    let border = try x.sampled(at: outside, .nearest, outside: .border).array(of: Double.self)
    #expect(border == [try x[0][0][2][3].item(), try x[0][1][2][3].item()])
  }
}
