import Models
import NN
import TestTensors
import Testing
import Torch

@Suite struct PlainConvUNetTests {
  private var tiny: EncoderArchitecture {
    var architecture = EncoderArchitecture()
    architecture.features = [4, 6, 8]
    architecture.strides = [1, 2, 2]
    return architecture
  }

  @Test func withTheWeightsOfDynamicNetworkArchitecturesItGivesItsLogits() throws {
    let expected = try fixture("unet").tensors
    let store = try ParameterStore()
    let net = PlainConvUNet(store.root, tiny, classes: 3)
    #expect(try store.load(expected, prefix: "weights.").isComplete)
    let image = try #require(expected["image"])
    let maps = net.encoder(image, .evaluation)
    for (index, map) in maps.enumerated() {
      #expect(try difference(map, expected["map.\(index)"]) < 1e-5)
    }
    let logits = net.decoder.deepLogits(maps, .evaluation)
    #expect(logits.count == 2)
    for (index, map) in logits.enumerated() {
      #expect(try difference(map, expected["logits.\(index)"]) < 1e-5)
    }
    #expect(try net(image, .training).floats() == logits[0].floats())
  }

  @Test func theDefaultHasItsStagesChannelsAndStrides() throws {
    let architecture = EncoderArchitecture()
    let store = try ParameterStore()
    let encoder = architecture.build(store.root)
    #expect(encoder.channels == [16, 32, 64, 128, 128] && encoder.strides == [1, 2, 4, 8, 16])
    #expect(architecture.depth == 16)
    let maps = encoder(.zeros([1, 1, 32, 48]), .evaluation)
    let shapes = maps.map(\.shape)
    for (stage, shape) in shapes.enumerated() {
      let stride = encoder.strides[stage]
      #expect(shape == [1, encoder.channels[stage], 32 / stride, 48 / stride])
    }
    #expect(store.entries[0].name == "encoder.stages.0.0.convs.0.conv.weight")
  }

  @Test func everyParameterLearns() throws {
    let store = try ParameterStore(seed: 1)
    let net = PlainConvUNet(store.root, tiny, classes: 3)
    let maps = net.encoder(.randomNormal([2, 1, 16, 16], seed: 1), .training)
    let losses = net.decoder.deepLogits(maps, .training).map { $0.squared().mean() }
    (losses[0] + losses[1]).backward()
    for parameter in store.parameters {
      // A bias before an instance norm is taken away by it: its gradient is 0 but for rounding.
      let idle = parameter.name.hasSuffix("conv.bias")
      let gradient = try #require(parameter.tensor.gradient, "\(parameter.name)")
      #expect(try idle || gradient.absolute().sum().item() > 0, "\(parameter.name)")
    }
  }

  @Test func mixedPrecisionInChannelsLastGivesNearlyTheSame() throws {
    let store = try ParameterStore(seed: 1, format: .channelsLast)
    let net = PlainConvUNet(store.root, tiny, classes: 3)
    let image = Tensor.randomNormal([2, 1, 16, 16], seed: 1).contiguous(.channelsLast)
    let exact = net(image, .evaluation)
    let short = withAutocast { net(image, .evaluation) }
    #expect(try difference(short, exact) < 0.05 * exact.absolute().largest().item())
    withAutocast { net(image, .training) }.to(.float32).squared().mean().backward()
    let gradients = store.parameters.compactMap(\.tensor.gradient)
    #expect(gradients.count == store.parameters.count - 2)  // all but the unused coarse logits
    #expect(gradients.allSatisfy { $0.dtype == .float32 })
  }

  @Test func derivativesOfTheWholeNetworkAreThoseOfFiniteDifferences() throws {
    var architecture = tiny
    architecture.features = [2, 3]
    architecture.strides = [1, 2]
    let store = try ParameterStore(seed: 1, dtype: .float64)
    let net = PlainConvUNet(store.root, architecture, classes: 2)
    let image = Tensor.randomNormal([1, 1, 4, 4], seed: 1).to(.float64)
    let target = try Tensor(
      [0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1] as [Int64], [1, 4, 4])
    let error = try gradientError(of: [image]) { net($0[0], .training).crossEntropy(target) }
    #expect(error < 1e-6)
  }
}
