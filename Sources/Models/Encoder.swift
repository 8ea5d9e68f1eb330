import NN
import Torch

/// A network that turns images into feature maps of several depths.
public protocol Encoder {
  /// Channels of each map, shallow to deep.
  var channels: [Int] { get }
  /// Pixels of the image to one of the map, of each map.
  var strides: [Int] { get }
  /// N×C×H×W to the maps of every stage, shallow to deep, N×channels[s]×H/strides[s]×W/strides[s].
  func callAsFunction(_ image: Tensor, _ mode: Mode) -> [Tensor]
}

/// What turns an encoder's maps into class scores of every pixel.
public protocol Decoder {
  /// Class scores of the image, N×classes×height×width, then of ever coarser resolutions, for deep
  /// supervision.
  func deepLogits(_ maps: [Tensor], to size: (height: Int, width: Int), _ mode: Mode) -> [Tensor]
}

/// Which encoder, and how large; the part of a recipe and of a checkpoint's metadata that builds it.
public struct EncoderArchitecture: Codable, Sendable, Equatable {
  /// The families.
  public enum Kind: String, Codable, Sendable, CaseIterable { case unet, resnet18, resnet50 }

  /// The family.
  public var kind: Kind = .unet
  /// Channels of the image.
  public var inputChannels = 1
  /// U-Net: channels of each stage.
  public var features = [16, 32, 64, 128, 128]
  /// U-Net: how much smaller each stage is than the one before.
  public var strides = [1, 2, 2, 2, 2]
  /// U-Net: convolutions a stage, also in the decoder.
  public var convolutions = 2
  /// ResNet: channels of the stem; the stages have multiples of it.
  public var width = 64
  /// ResNet: parts of the batch with batch statistics of their own (see `BatchNorm2d`).
  public var batchNormGroups = 1
  /// Whitening in place of the last norm (the place `last-norm`); nil leaves the network as everybody's.
  public var lastNorm: WhiteningRecipe?

  /// The default: a U-Net encoder of some 0.7 million parameters.
  public init() {}

  /// Pixels of the image to one of the deepest map: sides of images should be multiples of it.
  public var depth: Int {
    switch kind {
    case .unet: strides.reduce(1, *)
    case .resnet18, .resnet50: 32
    }
  }

  /// The paths under which the tensors of each stage lie, shallow to deep; a ResNet's stem is its first.
  public var stagePaths: [[String]] {
    switch kind {
    case .unet: features.indices.map { ["encoder.stages.\($0)"] }
    case .resnet18, .resnet50: [["conv1", "bn1"]] + (1...4).map { ["layer\($0)"] }
    }
  }

  /// Builds the encoder: the U-Net's under `encoder`, as nnU-Net names it, the ResNets' at the root, as torchvision does.
  public func build(_ root: Scope) -> any Encoder {
    switch kind {
    case .unet: PlainConvEncoder(root / "encoder", self)
    case .resnet18, .resnet50: ResNet(root, self)
    }
  }
}

extension EncoderArchitecture {
  /// Builds the U-Net decoder that suits the encoder, under `decoder`.
  public func buildDecoder(_ root: Scope, classes: Int) -> any Decoder {
    switch kind {
    case .unet: UNetDecoder(root / "decoder", self, classes: classes)
    case .resnet18, .resnet50: ResNetDecoder(root / "decoder", self, classes: classes)
    }
  }
}

/// The norm of a block: everybody's, or whitening in its place.
enum ChannelNorm {
  case batch(BatchNorm2d)
  case instance(InstanceNorm2d)
  case whitening(Whitening)

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    switch self {
    case .batch(let norm): norm(x, mode)
    case .instance(let norm): norm(x)
    case .whitening(let norm): norm(x, mode)
    }
  }

  /// The same with a leaky ReLU behind it.
  func leakyReLU(of x: Tensor, _ slope: Double, _ mode: Mode) -> Tensor {
    guard case .instance(let norm) = self else { return self(x, mode).leakyReLU(slope) }
    return norm.leakyReLU(of: x, slope)
  }
}
