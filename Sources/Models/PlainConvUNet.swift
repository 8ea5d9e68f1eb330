import NN
import Torch

/// Convolution, norm, leaky ReLU: the block of nnU-Net, whose norm is by instance.
struct ConvNormReLU {
  let conv: Conv2d
  let norm: ChannelNorm

  /// Which norm a block has.
  enum Norm {
    case instance, batch
    case whitening(WhiteningRecipe)
  }

  init(_ scope: Scope, _ input: Int, _ output: Int, stride: Int = 1, norm kind: Norm = .instance) {
    conv = Conv2d(
      scope / "conv", input, output, stride: stride,
      initial: .he(fan: input * 9, slope: 0.01), initialBias: .constant(0))
    let place = scope / "norm"
    norm =
      switch kind {
      case .instance: .instance(InstanceNorm2d(place, output))
      case .batch: .batch(BatchNorm2d(place, output))
      case .whitening(let recipe): .whitening(Whitening(place, output, recipe, affine: true))
      }
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    norm.leakyReLU(of: conv(x), 0.01, mode)
  }
}

/// Blocks in a row, the first with the stage's stride.
struct StackedConvBlocks {
  let blocks: [ConvNormReLU]

  init(
    _ scope: Scope, _ input: Int, _ output: Int, count: Int, stride: Int = 1,
    norm: ConvNormReLU.Norm = .instance, lastNorm: WhiteningRecipe? = nil
  ) {
    let place = scope / "convs"
    blocks = (0..<count).map { index -> ConvNormReLU in
      let first = index == 0
      return ConvNormReLU(
        place / index, first ? input : output, output, stride: first ? stride : 1,
        norm: index == count - 1 ? lastNorm.map { .whitening($0) } ?? norm : norm)
    }
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    blocks.reduce(x) { $1($0, mode) }
  }
}

/// The contracting path of nnU-Net's `PlainConvUNet` (Ronneberger et al., 2015; Isensee et al., 2021), with the names
/// of dynamic-network-architectures: `stages.S.0.convs.C.conv.weight`, each tensor once, without its aliases.
public struct PlainConvEncoder: Encoder {
  /// Channels of each stage.
  public let channels: [Int]
  /// Pixels of the image to one of each stage.
  public let strides: [Int]
  private let stages: [StackedConvBlocks]

  /// Makes the stages under `scope`, which is `encoder` in nnU-Net's checkpoints.
  public init(_ scope: Scope, _ architecture: EncoderArchitecture) {
    let (features, steps) = (architecture.features, architecture.strides)
    require(
      features.count == steps.count && !features.isEmpty,
      "\(features.count) features and \(steps.count) strides")
    channels = features
    var product = 1
    strides = steps.map { step in
      product *= step
      return product
    }
    let place = scope / "stages"
    stages = features.indices.map { stage -> StackedConvBlocks in
      let input = stage == 0 ? architecture.inputChannels : features[stage - 1]
      return StackedConvBlocks(
        place / stage / 0, input, features[stage], count: architecture.convolutions,
        stride: steps[stage],
        lastNorm: stage == features.count - 1 ? architecture.lastNorm : nil)
    }
  }

  /// The maps of every stage, shallow to deep.
  public func callAsFunction(_ image: Tensor, _ mode: Mode) -> [Tensor] {
    var maps: [Tensor] = []
    for stage in stages { maps.append(stage(maps.last ?? image, mode)) }
    return maps
  }
}

/// The expanding path of `PlainConvUNet`: `transpconvs`, `stages`, `seg_layers`.
///
/// A segmentation layer is made for every stage, as nnU-Net does, so that its checkpoints fit with deep supervision
/// or without.
public struct UNetDecoder: Decoder {
  private let transposed: [ConvTranspose2d]
  private let stages: [StackedConvBlocks]
  private let heads: [Conv2d]

  /// Makes the decoder of a U-Net encoder under `scope`, which is `decoder` in nnU-Net's checkpoints; for 0
  /// classes without segmentation layers.
  public init(_ scope: Scope, _ architecture: EncoderArchitecture, classes: Int) {
    let (features, strides) = (architecture.features, architecture.strides)
    var transposed: [ConvTranspose2d] = []
    var stages: [StackedConvBlocks] = []
    var heads: [Conv2d] = []
    for stage in 0..<features.count - 1 {  // deep to shallow
      let deep = features.count - 1 - stage
      let (input, output, stride) = (features[deep], features[deep - 1], strides[deep])
      transposed.append(
        ConvTranspose2d(
          scope / "transpconvs" / stage, input, output, kernel: stride, stride: stride,
          initial: .he(fan: output * stride * stride, slope: 0.01), initialBias: .constant(0)))
      stages.append(
        StackedConvBlocks(
          scope / "stages" / stage, 2 * output, output, count: architecture.convolutions))
      guard classes > 0 else { continue }
      heads.append(
        Conv2d(
          scope / "seg_layers" / stage, output, classes, kernel: 1,
          initial: .he(fan: output, slope: 0.01), initialBias: .constant(0)))
    }
    (self.transposed, self.stages, self.heads) = (transposed, stages, heads)
  }

  /// Logits at the resolution of the first map, N×classes×H×W.
  public func callAsFunction(_ maps: [Tensor], _ mode: Mode) -> Tensor {
    guard let features = features(maps, mode).last, let head = heads.last else {
      fatalError("a U-Net of one stage has no decoder")
    }
    return head(features)
  }

  /// Logits of every resolution, finest first: N×classes×H/2ˢ×W/2ˢ.
  public func deepLogits(
    _ maps: [Tensor], to _: (height: Int, width: Int), _ mode: Mode
  ) -> [Tensor] {
    deepLogits(maps, mode)
  }

  /// Logits of every resolution, finest first, for deep supervision: N×classes×H/2ˢ×W/2ˢ.
  public func deepLogits(_ maps: [Tensor], _ mode: Mode) -> [Tensor] {
    zip(heads, features(maps, mode)).map { $0($1) }.reversed()
  }

  /// The maps of the decoder's stages but the `skipped` shallowest, shallow to deep: of the sizes of the encoder's,
  /// its deepest aside.
  public func maps(_ maps: [Tensor], skipping skipped: Int = 0, _ mode: Mode) -> [Tensor] {
    features(maps, count: stages.count - skipped, mode).reversed()
  }

  /// The maps of the decoder's stages, deep to shallow.
  private func features(_ maps: [Tensor], count: Int? = nil, _ mode: Mode) -> [Tensor] {
    require(maps.count == stages.count + 1, "\(maps.count) maps for \(stages.count) stages")
    var results: [Tensor] = []
    for (index, stage) in stages.prefix(count ?? stages.count).enumerated() {
      let enlarged = transposed[index](results.last ?? maps[maps.count - 1])
      let skip = maps[maps.count - 2 - index]
      results.append(stage(.concatenated([enlarged, skip], axis: 1), mode))
    }
    return results
  }
}

/// nnU-Net's `PlainConvUNet`: encoder and decoder under the names of its checkpoints.
public struct PlainConvUNet {
  /// The contracting path.
  public let encoder: PlainConvEncoder
  /// The expanding path.
  public let decoder: UNetDecoder

  /// Makes both at the root.
  public init(_ root: Scope, _ architecture: EncoderArchitecture, classes: Int) {
    require(architecture.kind == .unet, "PlainConvUNet of kind \(architecture.kind)")
    encoder = PlainConvEncoder(root / "encoder", architecture)
    decoder = UNetDecoder(root / "decoder", architecture, classes: classes)
  }

  /// Logits N×classes×H×W; sides must be multiples of the architecture's depth.
  public func callAsFunction(_ image: Tensor, _ mode: Mode) -> Tensor {
    decoder(encoder(image, mode), mode)
  }
}
