import NN
import TestTensors
import Testing
import Torch

@Suite struct OptimizerTests {
  private func run(_ make: ([Parameter]) -> any Optimizer) throws -> Tensor {
    let expected = try fixture("optimizers").tensors
    let x = try #require(expected["start"]).clone().requiringGradient()
    let gradients = try #require(expected["gradients"])
    let optimizer = make([Parameter(name: "x", tensor: x)])
    for step in 0..<gradients.shape[0] {
      optimizer.minimize((x * gradients[step]).sum())
    }
    return x.detached()
  }

  @Test func stepsAreThoseOfPyTorch() throws {
    let expected = try fixture("optimizers").tensors
    let sgd = try run { SGD($0, learningRate: 0.1, momentum: 0.9, weightDecay: 0.01) }
    #expect(try difference(sgd, expected["sgd"]) < 1e-6)
    let nesterov = try run { SGD($0, learningRate: 0.1, momentum: 0.9, nesterov: true) }
    #expect(try difference(nesterov, expected["nesterov"]) < 1e-6)
    let adamw = try run { AdamW($0, learningRate: 0.1, weightDecay: 0.05) }
    #expect(try difference(adamw, expected["adamw"]) < 1e-6)
  }

  /// Some steps on a small convolution in channels-last, all weights afterwards.
  private func train(
    _ make: ([Parameter]) -> any Optimizer, steps: Int, interruptedAt pause: Int? = nil
  ) throws -> [Float] {
    func build() throws -> (ParameterStore, Conv2d, any Optimizer) {
      let store = try ParameterStore(seed: 1, format: .channelsLast)
      let conv = Conv2d(store.root / "a", 3, 8)
      return (store, conv, make(store.trainable))
    }
    var (store, conv, optimizer) = try build()
    for step in 0..<steps {
      if step == pause {
        let path = "/tmp/lamina-\(UInt64.random(in: 0...UInt64.max)).safetensors"
        let kept = store.tensors(prefix: "model.").merging(optimizer.state) { a, _ in a }
        try SafeTensors(tensors: kept).write(to: path)
        let read = try SafeTensors(reading: path).tensors
        (store, conv, optimizer) = try build()
        try store.load(read, prefix: "model.")
        try optimizer.load(read.filter { !$0.key.hasPrefix("model.") })
      }
      let x = Tensor.randomNormal([2, 3, 16, 16], seed: UInt64(step)).contiguous(.channelsLast)
      optimizer.minimize(conv(x).squared().mean())
    }
    return try conv.weight.floats()
  }

  @Test func resumingFromAnArchiveIsTheSameToTheBit() throws {
    let makers: [([Parameter]) -> any Optimizer] = [
      { SGD($0, learningRate: 0.1, momentum: 0.9, weightDecay: 1e-4) },
      { AdamW($0, learningRate: 0.01) },
    ]
    for make in makers {
      let whole = try train(make, steps: 6)
      #expect(try train(make, steps: 6, interruptedAt: 3) == whole)
      #expect(try train(make, steps: 5) != whole)
    }
  }

  @Test func stateHasTheMemoryFormatOfItsParameter() throws {
    let store = try ParameterStore(format: .channelsLast)
    let conv = Conv2d(store.root / "a", 3, 8)
    let state = SGD(store.trainable, learningRate: 1).state
    #expect(state.keys.sorted() == ["momentum.a.bias", "momentum.a.weight"])
    #expect(state["momentum.a.weight"]?.strides == conv.weight.strides)
  }

  @Test func aStateOfOtherParametersIsRefused() throws {
    let store = try ParameterStore()
    _ = Linear(store.root / "a", 2, 2)
    let optimizer = AdamW(store.trainable, learningRate: 1)
    var state = optimizer.state
    #expect(state.count == 5)
    state["first.a.bias"] = .zeros([3])
    #expect(throws: NNError.self) { try optimizer.load(state) }
    state["first.a.bias"] = nil
    #expect(throws: NNError.self) { try optimizer.load(state) }
  }

  @Test func clippingScalesAllGradientsTogether() throws {
    let x = Tensor.zeros([2]).requiringGradient()
    let y = Tensor.zeros([1]).requiringGradient()
    let parameters = [Parameter(name: "x", tensor: x), Parameter(name: "y", tensor: y)]
    (x * 2 + y).sum().backward()  // gradients 2, 2 and 2
    let before = clipGradients(of: parameters, to: 1)
    #expect(abs(try before.item() - Double(12).squareRoot()) < 1e-6)
    #expect(abs(try clipGradients(of: parameters, to: 5).item() - 1) < 1e-5)
    #expect(try abs(#require(y.gradient).item() - 1 / Double(3).squareRoot()) < 1e-5)
  }

  @Test func clippingReadsNothingAndLeavesShortGradientsAsTheyAre() throws {
    let x = Tensor.zeros([3]).requiringGradient()
    let parameters = [Parameter(name: "x", tensor: x)]
    (x * 0.1).sum().backward()
    let before = try #require(x.gradient).floats()
    let reads = HostReads()
    reads.counting {
      for norm in [1, 12, .infinity] { clipGradients(of: parameters, to: norm) }
    }
    #expect(reads.count == 0)
    #expect(try #require(x.gradient).floats() == before)
    (x * .infinity).sum().backward()
    #expect(try !clipGradients(of: parameters, to: 1).item().isFinite)
  }

  @Test func schedulesRiseFallAndEnd() {
    #expect(cosineRate(2, step: 0, of: 10, warmUp: 4) == 0.5)
    #expect(cosineRate(2, step: 3, of: 10, warmUp: 4) == 2)
    #expect(cosineRate(2, step: 4, of: 10, warmUp: 4) == 2)
    #expect(abs(cosineRate(2, step: 7, of: 10, warmUp: 4) - 1) < 1e-12)
    #expect(cosineRate(2, step: 10, of: 10, warmUp: 4, floor: 0.1) == 0.1)
    #expect(cosineRate(2, step: 99, of: 10) == 0)
    #expect(polynomialRate(1, step: 0, of: 10) == 1 && polynomialRate(1, step: 10, of: 10) == 0)
    #expect(abs(polynomialRate(1, step: 5, of: 10, power: 2) - 0.25) < 1e-12)
  }
}
