import NN
import Torch

/// Two linear layers with a ReLU between (Chen et al., MoCo v2): N×I to N×output, not normalised.
///
/// The layers are named `0` and `2`, as MoCo's `fc`.
public struct ProjectionHead {
  /// The layer that a whitening before it folds into.
  public let first: Linear
  private let second: Linear

  /// Makes both layers; the hidden one has `input` channels unless told otherwise.
  public init(_ scope: Scope, _ input: Int, hidden: Int? = nil, output: Int = 128) {
    first = Linear(scope / 0, input, hidden ?? input)
    second = Linear(scope / 2, hidden ?? input, output)
  }

  /// N×I to N×output.
  public func callAsFunction(_ x: Tensor) -> Tensor { second(first(x).relu()) }
}

/// The same for every pixel of a map: two 1×1 convolutions, N×I×H×W to N×output×H×W, not normalised.
public struct LocalProjectionHead {
  /// The layer that a whitening before it folds into.
  public let first: Conv2d
  private let second: Conv2d

  /// Makes both layers; the hidden one has `input` channels unless told otherwise.
  public init(_ scope: Scope, _ input: Int, hidden: Int? = nil, output: Int = 128) {
    first = Conv2d(scope / 0, input, hidden ?? input, kernel: 1)
    second = Conv2d(scope / 2, hidden ?? input, output, kernel: 1)
  }

  /// N×I×H×W to N×output×H×W.
  public func callAsFunction(_ x: Tensor) -> Tensor { second(first(x).relu()) }
}

/// The linear probe: batch norm without affine and one 1×1 convolution on the up-sampled maps of a frozen encoder.
///
/// The convolution and the norms are applied to each map at its own resolution and the logits up-sampled and added:
/// the same functions as up-sampling hundreds of channels first, since both are linear in the channels.
public struct LinearSegmentationHead {
  /// classes×ΣC×1×1: a part for each map.
  public let weight: Tensor
  /// classes.
  public let bias: Tensor
  private let norms: [BatchNorm2d]

  /// Makes `weight`, `bias` and the running statistics `norm.S.…` for maps of these channels.
  public init(_ scope: Scope, channels: [Int], classes: Int) {
    let total = channels.reduce(0, +)
    weight = scope.parameter("weight", [classes, total, 1, 1], .standard(fanIn: total))
    bias = scope.parameter("bias", [classes], .constant(0))
    norms = channels.enumerated().map {
      BatchNorm2d(scope / "norm" / $0.offset, $0.element, affine: false)
    }
  }

  /// Logits N×classes×height×width of the encoder's maps.
  public func callAsFunction(
    _ maps: [Tensor], to size: (height: Int, width: Int), _ mode: Mode
  ) -> Tensor {
    require(maps.count == norms.count, "\(maps.count) maps for \(norms.count) norms")
    var logits = bias.reshaped([1, -1, 1, 1])
    var start = 0
    for (map, norm) in zip(maps, norms) {
      let range = start..<start + map.shape[1]
      start = range.upperBound
      let part = norm(map, mode).conv2d(weight.narrowed(axis: 1, range))  // N×classes×h×w
      logits = logits + part.interpolated(to: size)  // N×classes×height×width
    }
    return logits
  }
}

/// The mean squared covariance between different channels, per channel: Σ_{i≠j} C_ij² / D of N×D (Bardes et al.,
/// VICReg, eq. 3 and 4; the covariance divided by N − 1).
public func covariancePenalty(_ z: Tensor) -> Tensor {
  let (count, width) = (z.shape[0], z.shape[1])
  let centred = z - z.mean(axis: 0, keep: true)  // N×D
  let covariance = centred.transposed.matmul(centred) / Double(count - 1)  // D×D
  let all = covariance.squared().sum()
  return (all - covariance.diagonal().squared().sum()) / Double(width)
}
