import Testing
import Torch

/// The norm and what follows it, one after the other, in double precision.
private func slow(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
  x.instanceNormalized(weight: weight, bias: bias).leakyReLU(0.01)
}

private func fused(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
  x.instanceNormalizedLeakyReLU(weight: weight, bias: bias)
}

/// Value and derivatives for x, weight and bias of a weighted sum of what `layer` gives.
private func answers(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor, _ layer: (Tensor, Tensor, Tensor) -> Tensor
) -> [Tensor] {
  let leaves = [x, weight, bias].map { $0.clone().requiringGradient() }
  let y = layer(leaves[0], leaves[1], leaves[2])
  let loss = y.to(.float64) * Tensor.randomNormal(y.shape, seed: 9).to(.float64)
  return [y.detached()] + loss.sum().gradients(of: leaves)
}

private func difference(_ a: Tensor, _ b: Tensor) throws -> Double {
  let scale = max(1, try b.to(.float64).absolute().largest().item())
  return try (a.to(.float64) - b.to(.float64)).absolute().largest().item() / scale
}

@Suite struct InstanceNormTests {
  @Test(arguments: [DType.float32, .bfloat16], [MemoryFormat.contiguous, .channelsLast])
  func theFusedNormIsTheTwoLayersOneAfterTheOther(_ type: DType, _ format: MemoryFormat) throws {
    for (channels, height, width) in [(5, 3, 7), (1, 8, 8), (16, 48, 40), (33, 25, 31), (3, 1, 1)] {
      let shape = [3, channels, height, width]
      let spread = Tensor.randomNormal([1, channels, 1, 1], seed: 2).exponential()
      let x = (Tensor.randomNormal(shape, seed: 1) * spread + spread * 3).to(type)
        .contiguous(format)
      let weight = Tensor.randomNormal([channels], seed: 3) + 1
      let bias = Tensor.randomNormal([channels], seed: 4)
      let found = answers(x, weight, bias, fused)
      #expect(found[0].dtype == type && found[0].isContiguous(format))
      let wanted = answers(
        x.to(.float64), weight.to(.float64), bias.to(.float64),
        height * width > 1
          ? slow
          : { x, _, bias in
            (x * 0 + bias.reshaped([1, -1, 1, 1])).leakyReLU(0.01)
          })
      let limit = type == .float32 ? 2e-5 : 1e-2
      for (place, name) in ["value", "x", "weight", "bias"].enumerated() {
        if height * width == 1 && place == 2 { continue }
        #expect(
          try difference(found[place], wanted[place]) < limit, "\(name) of \(shape)")
      }
    }
  }

  @Test func aLargeMeanAndAnImageOfOneValueCostNoDigits() throws {
    let (weight, bias) = (Tensor.ones([4]), Tensor.zeros([4]))
    let x = Tensor.randomNormal([2, 4, 32, 32], seed: 1)
    for format in MemoryFormat.allCases {
      let moved = (x + 1000).contiguous(format)
      let wanted = slow(moved.to(.float64), weight.to(.float64), bias.to(.float64))
      #expect(try difference(fused(moved, weight, bias), wanted) < 1e-3)
      let flat = Tensor.full([2, 4, 32, 32], 7.25).contiguous(format)
      #expect(try fused(flat, weight, bias).absolute().largest().item() == 0)
    }
  }

  @Test func whatIsNoNumberDoesNotVanish() throws {
    for format in MemoryFormat.allCases {
      let x = Tensor.randomNormal([1, 2, 8, 8], seed: 1).contiguous(format)
      x[0][1][3][3].fill(.nan)
      let y = fused(x, .ones([2]), .zeros([2]))
      #expect(try y[0][0].isFinite().all().item() == 1)
      #expect(try y[0][1].isFinite().any().item() == 0)
    }
  }

  @Test func threadsDoNotChangeABit() throws {
    let before = LibTorch.threads
    defer { LibTorch.threads = before }
    let x = Tensor.randomNormal([6, 8, 16, 16], seed: 1).contiguous(.channelsLast)
    var states: [[[Float]]] = []
    for threads in [1, 2] {
      LibTorch.threads = threads
      states.append(
        try answers(x, .ones([8]), .randomNormal([8], seed: 2), fused).map { try $0.floats() })
    }
    #expect(states[0] == states[1])
  }
}
