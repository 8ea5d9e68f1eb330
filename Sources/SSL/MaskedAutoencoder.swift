import Models
import NN
import Torch

/// What only the masked autoencoder has.
public struct MaskingRecipe: Codable, Sendable, Equatable {
  /// Side of a patch in pixels; views are a whole number of them.
  public var patch = 8
  /// Share of the patches that are masked (SparK: 0.6).
  public var share = 0.6
  /// Channels of the decoder.
  public var width = 64

  /// The defaults.
  public init() {}

  /// Patches of a view of so many pixels a side.
  func patches(_ size: Int) -> Int { (size / patch) * (size / patch) }

  /// How many of them are masked.
  func masked(_ size: Int) -> Int { Int((share * Double(patches(size))).rounded()) }
}

/// A masked autoencoder for convolutional encoders: patches of a slice are masked and painted in again, and only they
/// are judged (He et al., *MAE*, arXiv 2111.06377).
///
/// It is the plain version for convolutions: masked pixels are 0, the mean of a normalised slice, and the encoder sees
/// the whole image. What it makes of a masked patch is taken away again before decoding, a learned vector standing
/// there instead (Tian et al., *SparK*, arXiv 2301.03580, "densifying"), at all stages no coarser than a patch; sparse
/// convolutions, which SparK has inside the encoder as well, are not used. Both views of a batch are learned from, each by
/// itself.
package struct MaskedAutoencoder: Objective {
  package let backbone: Backbone
  package var descent: Descent
  private let decoder: PatchDecoder

  /// The backbone with a light decoder; `recipe` must be resolved.
  package init(_ recipe: PretrainRecipe, channels: Int, device: Device = .cpu) throws {
    backbone = try Backbone(recipe, channels: channels, device: device)
    decoder = PatchDecoder(
      backbone.store.root / "head", backbone.encoder, recipe.mae, channels: channels)
    descent = Descent(recipe, backbone.store)
  }

  package func cost(_ views: Views) throws -> Cost {
    let images = Tensor.concatenated([views.queries, views.keys], axis: 0)
      .contiguous(backbone.store.format)  // 2B×C×S×S
    let side = recipe.crops.size / recipe.mae.patch
    let masks = try patchMasks(
      images.shape[0], side: side, masked: recipe.mae.masked(recipe.crops.size), seed: views.seed
    ).to(images.device)  // 2B×1×P×P
    let pixels = enlarged(masks, to: (images.shape[2], images.shape[3])) .> 0.5  // 2B×1×S×S
    let maps = backbone(images.filled(0, where: pixels), .training).maps
    let painted = decoder(maps, masks, to: (images.shape[2], images.shape[3]))  // 2B×C×S×S
    let loss = maskedError(painted, images, masked: pixels)
    var cost = Cost(loss)
    cost.terms = ["reconstruction": loss]
    return cost
  }

  package func embed(_ images: Tensor) throws -> (features: Features, projected: Tensor?) {
    (backbone(images, .evaluation), nil)
  }
}

/// N masks of P×P patches, N×1×P×P float32 on the CPU: 1 for exactly `masked` of them, the same for the same seed.
public func patchMasks(_ count: Int, side: Int, masked: Int, seed: UInt64) -> Tensor {
  let order = Tensor.randomUniform([count, side * side], seed: seed)
  let chosen = order.top(masked, axis: 1).indices  // N×M
  return chosen.oneHot(side * side).sum(axis: 1).to(.float32).reshaped([count, 1, side, side])
}

/// The mean squared error of N×C×H×W over the pixels that are masked (bool, N×1×H×W), all channels, and no others.
public func maskedError(_ painted: Tensor, _ images: Tensor, masked: Tensor) -> Tensor {
  let counted = masked.to(images.dtype)  // N×1×H×W
  return ((painted - images).squared() * counted).sum() / (counted.sum() * Double(images.shape[1]))
}

/// A mask of patches on a finer grid: each pixel that of its patch.
private func enlarged(_ mask: Tensor, to size: (height: Int, width: Int)) -> Tensor {
  mask.interpolated(to: size, .nearest)
}

/// From the maps of an encoder to pixels: a 1×1 convolution on each, from the deepest up, added where the next one is
/// finer and passed through a 3×3 convolution; the stage of stride 4 gives all pixels of its cells at once.
private struct PatchDecoder {
  private let first: Int
  private let strides: [Int]
  private let laterals: [Conv2d]
  private let blocks: [Conv2d]
  /// What stands for a masked cell; nil at stages whose cells hold several patches.
  private let tokens: [Tensor?]
  private let pixels: Conv2d

  init(_ scope: Scope, _ encoder: any Encoder, _ recipe: MaskingRecipe, channels: Int) {
    let first = encoder.strides.firstIndex { $0 >= 4 } ?? encoder.strides.count - 1
    self.first = first
    strides = Array(encoder.strides[first...])
    let stages = first..<encoder.strides.count
    laterals = stages.map {
      Conv2d(scope / "lateral" / $0, encoder.channels[$0], recipe.width, kernel: 1)
    }
    blocks = stages.map { Conv2d(scope / "block" / $0, recipe.width, recipe.width) }
    tokens = stages.map { stage in
      guard recipe.patch.isMultiple(of: encoder.strides[stage]) else { return nil }
      return (scope / "token" / stage).parameter(
        "weight", [recipe.width], .normal(deviation: 0.02))
    }
    let cell = strides[0] * strides[0]
    pixels = Conv2d(scope / "pixels", recipe.width, channels * cell, kernel: 1)
  }

  /// Images N×C×height×width; `masks` (N×1×P×P) says which patches are painted from a learned vector.
  func callAsFunction(
    _ maps: [Tensor], _ masks: Tensor, to size: (height: Int, width: Int)
  ) -> Tensor {
    var top: Tensor?
    for stage in laterals.indices.reversed() {
      let map = maps[first + stage].to(.float32)
      let grid = (height: map.shape[2], width: map.shape[3])
      var found = laterals[stage](map)  // N×W×h×w
      if let token = tokens[stage]?.reshaped([1, -1, 1, 1]) {
        found = .choosing(token, where: enlarged(masks, to: grid) .> 0.5, else: found)
      }
      if let above = top { found = found + above.interpolated(to: grid) }
      top = blocks[stage](found).relu()
    }
    guard let finest = top else { fatalError("an encoder without stages") }
    return unfolded(pixels(finest), by: strides[0])
      .narrowed(axis: 2, 0..<size.height).narrowed(axis: 3, 0..<size.width)
  }

  /// N×(C·s·s)×h×w to N×C×(h·s)×(w·s).
  private func unfolded(_ x: Tensor, by s: Int) -> Tensor {
    let (count, height, width) = (x.shape[0], x.shape[2], x.shape[3])
    return x.reshaped([count, -1, s, s, height, width]).permuted([0, 1, 4, 2, 5, 3])
      .reshaped([count, -1, height * s, width * s])
  }
}
