import NN
import Torch

/// A residual block: two 3×3 convolutions (ResNet-18), or 1×1, 3×3, 1×1 with four times the channels (ResNet-50, the
/// stride in the 3×3 as torchvision has it).
struct ResidualBlock {
  private let convolutions: [Conv2d]
  private let norms: [ChannelNorm]
  private let shortcut: (conv: Conv2d, norm: BatchNorm2d)?

  init(
    _ scope: Scope, _ input: Int, _ width: Int, _ output: Int, stride: Int, bottleneck: Bool,
    groups: Int, lastNorm: WhiteningRecipe?
  ) {
    let plan: [(kernel: Int, output: Int, stride: Int)] =
      bottleneck
      ? [(1, width, 1), (3, width, stride), (1, output, 1)]
      : [(3, width, stride), (3, output, 1)]
    var channels = input
    var made: (convolutions: [Conv2d], norms: [ChannelNorm]) = ([], [])
    for (index, step) in plan.enumerated() {
      made.convolutions.append(
        convolution(
          scope / "conv\(index + 1)", channels, step.output, step.kernel, stride: step.stride))
      let place = scope / "bn\(index + 1)"
      if index == plan.count - 1, let recipe = lastNorm {
        made.norms.append(.whitening(Whitening(place, step.output, recipe, affine: true)))
      } else {
        made.norms.append(.batch(BatchNorm2d(place, step.output, groups: groups)))
      }
      channels = step.output
    }
    (convolutions, norms) = made
    shortcut =
      stride == 1 && input == output
      ? nil
      : (
        convolution(scope / "downsample" / 0, input, output, 1, stride: stride),
        BatchNorm2d(scope / "downsample" / 1, output, groups: groups)
      )
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    var h = x
    for (index, conv) in convolutions.enumerated() {
      h = norms[index](conv(h), mode)
      if index < convolutions.count - 1 { h = h.relu() }
    }
    let straight = shortcut.map { $0.norm($0.conv(x), mode) } ?? x
    return (h + straight).relu()
  }
}

/// Without bias, as a norm follows; He's normal values by fan-out, as torchvision's.
private func convolution(
  _ scope: Scope, _ input: Int, _ output: Int, _ kernel: Int, stride: Int
) -> Conv2d {
  Conv2d(
    scope, input, output, kernel: kernel, stride: stride, bias: false,
    initial: .he(fan: output * kernel * kernel))
}

/// ResNet-18 or ResNet-50 (He et al., 2016) without the classifier, with torchvision's names: `conv1.weight`,
/// `layer1.0.bn2.running_mean`.
///
/// The maps are those of the stem before its pooling (stride 2) and of the four layers (4, 8, 16, 32).
public struct ResNet: Encoder {
  /// Channels of the stem and the four layers.
  public let channels: [Int]
  /// 2, 4, 8, 16, 32.
  public let strides = [2, 4, 8, 16, 32]
  private let stem: (conv: Conv2d, norm: BatchNorm2d)
  private let layers: [[ResidualBlock]]

  /// Makes the network under `scope`, the root in torchvision's checkpoints. The stem has `inputChannels` channels.
  public init(_ scope: Scope, _ architecture: EncoderArchitecture) {
    let bottleneck = architecture.kind == .resnet50
    let counts = bottleneck ? [3, 4, 6, 3] : [2, 2, 2, 2]
    let (width, groups) = (architecture.width, architecture.batchNormGroups)
    stem = (
      Conv2d(
        scope / "conv1", architecture.inputChannels, width, kernel: 7, stride: 2, bias: false,
        initial: .he(fan: width * 49)),
      BatchNorm2d(scope / "bn1", width, groups: groups)
    )
    let channels = architecture.resNetChannels
    var layers: [[ResidualBlock]] = []
    for (layer, count) in counts.enumerated() {
      let (input, inner, output) = (channels[layer], width << layer, channels[layer + 1])
      let place = scope / "layer\(layer + 1)"
      let blocks = (0..<count).map { block -> ResidualBlock in
        let first = block == 0
        return ResidualBlock(
          place / block, first ? input : output, inner, output,
          stride: first && layer > 0 ? 2 : 1, bottleneck: bottleneck, groups: groups,
          lastNorm: layer == 3 && block == count - 1 ? architecture.lastNorm : nil)
      }
      layers.append(blocks)
    }
    (self.channels, self.layers) = (channels, layers)
  }

  /// The maps of stem and layers, shallow to deep.
  public func callAsFunction(_ image: Tensor, _ mode: Mode) -> [Tensor] {
    var maps = [stem.norm(stem.conv(image), mode).relu()]  // N×width×H/2×W/2
    var h = maps[0].maxPooled(3, stride: 2, padding: 1)  // N×width×H/4×W/4
    for layer in layers {
      h = layer.reduce(h) { $1($0, mode) }
      maps.append(h)
    }
    return maps
  }
}

extension EncoderArchitecture {
  /// Channels of a ResNet's stem and its four layers.
  var resNetChannels: [Int] {
    [width] + (0..<4).map { (width << $0) * (kind == .resnet50 ? 4 : 1) }
  }
}

/// The first convolution's weights for one grey channel: the kernels of red, green and blue added up, which gives what
/// a grey image repeated three times would. O×3×k×k to O×1×k×k.
public func greyStem(_ weight: Tensor) -> Tensor { weight.sum(axis: 1, keep: true) }
