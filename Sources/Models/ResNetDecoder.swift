import NN
import Torch

/// The expanding path of a U-Net (Ronneberger et al., 2015) on a ResNet.
///
/// At each level the map below is enlarged bilinearly to the size of the encoder's next shallower map, set before it, and
/// passes two blocks of convolution, batch norm and leaky ReLU. The encoder has no map of the image's own size: the last
/// of the five levels goes there without one. Images may have any size.
///
/// The names are those of ``UNetDecoder`` without its transposed convolutions: `stages.S.convs.C.conv.weight`,
/// `stages.S.convs.C.norm.running_mean`, `seg_layers.S.weight`, S from deep to shallow.
public struct ResNetDecoder: Decoder {
  private let stages: [StackedConvBlocks]
  private let heads: [Conv2d]

  /// Makes the decoder of a ResNet under `scope`; of a stem of 64 channels its levels have 256, 128, 64, 32 and 16, as
  /// is usual, and of others in proportion, but 8 at least.
  public init(_ scope: Scope, _ architecture: EncoderArchitecture, classes: Int) {
    let skips = architecture.resNetChannels.reversed() + [0]  // deep to shallow
    var input = skips[0]
    var stages: [StackedConvBlocks] = []
    var heads: [Conv2d] = []
    for (level, skip) in skips.dropFirst().enumerated() {
      let output = max(8, (architecture.width * 4) >> level)
      stages.append(
        StackedConvBlocks(scope / "stages" / level, input + skip, output, count: 2, norm: .batch))
      heads.append(
        Conv2d(
          scope / "seg_layers" / level, output, classes, kernel: 1,
          initial: .he(fan: output, slope: 0.01), initialBias: .constant(0)))
      input = output
    }
    (self.stages, self.heads) = (stages, heads)
  }

  /// Logits of the image's size, then of the sizes of the stem's and the shallower layers' maps.
  public func deepLogits(
    _ maps: [Tensor], to size: (height: Int, width: Int), _ mode: Mode
  ) -> [Tensor] {
    require(maps.count == stages.count, "\(maps.count) maps for \(stages.count) stages")
    var deeper = maps[maps.count - 1]
    var logits: [Tensor] = []
    for (level, stage) in stages.enumerated() {
      let skip = level < maps.count - 1 ? maps[maps.count - 2 - level] : nil
      let enlarged = deeper.interpolated(to: skip.map { ($0.shape[2], $0.shape[3]) } ?? size)
      deeper = stage(skip.map { .concatenated([enlarged, $0], axis: 1) } ?? enlarged, mode)
      logits.append(heads[level](deeper))
    }
    return logits.reversed()
  }
}
