import NN
import Torch

/// How features are whitened.
public struct WhiteningRecipe: Codable, Sendable, Equatable {
  /// The inverse square root of the covariance: exactly, or by a few Newton steps.
  public enum Kind: String, Codable, Sendable, CaseIterable { case groupZCA, iterNorm }

  /// Which.
  public var kind: Kind = .groupZCA
  /// Channels that are whitened together, at most; the largest divisor of the channels up to it is taken.
  public var width = 64
  /// Newton steps of `iterNorm`, at most 7: more diverge.
  public var iterations = 5
  /// Added to every eigenvalue, in units of the mean eigenvalue.
  public var epsilon = 1e-5
  /// How far the covariance is drawn towards its mean eigenvalue times the identity, 0 to 1.
  public var shrinkage = 0.0
  /// Weight of the new batch in the running mean and covariance.
  public var momentum = 0.1

  /// The default: exact, groups of 64.
  public init() {}
}

/// Makes the channels of a batch uncorrelated, each with variance 1, in groups: y = W (x − μ), W = S^(−1/2).
///
/// `groupZCA` takes W by eigendecomposition (Huang et al., *Decorrelated Batch Normalization*, 2018) with a derivative
/// that equal eigenvalues do not disturb; `iterNorm` by Newton's iteration (Huang et al., 2019, algorithm 1). The
/// covariance, over N·H·W, and W are computed in float64, the layer as a whole outside mixed precision. In
/// evaluation the running mean and covariance make it an affine map, which `folded` functions put into a neighbour.
public struct Whitening {
  /// What was asked for.
  public let recipe: WhiteningRecipe
  /// Channels.
  public let channels: Int
  /// Channels whitened together: the covariance is known when there are at least twice as many samples.
  public let width: Int
  /// Running mean, C.
  public let mean: Tensor
  /// Running covariance, biased, groups×width×width float64.
  public let covariance: Tensor
  /// Scale after whitening, C; nil unless asked for.
  public let weight: Tensor?
  /// Shift after whitening, C; nil unless asked for.
  public let bias: Tensor?

  /// Makes `running_mean`, `running_covariance` (at first 0 and the identity) and, where `affine`, `weight`, `bias`.
  public init(
    _ scope: Scope, _ channels: Int, _ recipe: WhiteningRecipe = .init(), affine: Bool = false
  ) {
    require((1...7).contains(recipe.iterations), "\(recipe.iterations) iterations, not 1...7")
    let width = Whitening.width(of: channels, atMost: recipe.width)
    (self.recipe, self.channels, self.width) = (recipe, channels, width)
    mean = scope.buffer("running_mean", [channels], 0)
    covariance = scope.buffer(
      "running_covariance", [channels / width, width, width], 0, dtype: .float64)
    covariance.diagonal().fill(1)
    weight = affine ? scope.parameter("weight", [channels], .constant(1)) : nil
    bias = affine ? scope.parameter("bias", [channels], .constant(0)) : nil
  }

  /// The largest divisor of the channels that is at most `limit`.
  public static func width(of channels: Int, atMost limit: Int) -> Int {
    (1...max(1, min(limit, channels))).last { channels.isMultiple(of: $0) } ?? 1
  }

  /// The fewest samples (N·H·W) of a training batch: twice the width.
  public var fewestSamples: Int { 2 * width }

  /// N×C×H×W or N×C to the same, float32 (float64 stays). Traps on a training batch of fewer than `fewestSamples`.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    withoutAutocast {
      let shape = x.shape
      let exact = x.dtype == .float64 ? x : x.to(.float32)
      let map = shape.count == 2 ? exact.reshaped(shape + [1, 1]) : exact  // N×C×H×W
      let (mean, covariance) = mode == .training ? statistics(of: map) : (mean, covariance)
      let centred = map - mean.to(map.dtype).reshaped([1, channels, 1, 1])  // N×C×H×W
      let kernel = whitener(covariance).to(map.dtype).reshaped([channels, width, 1, 1])
      var y = centred.conv2d(kernel, groups: channels / width)  // N×C×H×W
      if let weight, let bias {
        y =
          y * weight.to(y.dtype).reshaped([1, channels, 1, 1])
          + bias.to(y.dtype).reshaped([1, channels, 1, 1])
      }
      return shape.count == 2 ? y.reshaped(shape) : y
    }
  }

  /// Mean C and covariance groups×width×width of the batch in float64; the running ones are moved towards them.
  private func statistics(of map: Tensor) -> (mean: Tensor, covariance: Tensor) {
    let samples = map.count / channels
    require(
      samples >= fewestSamples,
      "whitening \(width) channels together needs \(fewestSamples) samples, the batch has \(samples)"
    )
    let rows = map.permuted([1, 0, 2, 3]).reshaped([channels / width, width, samples]).to(.float64)
    let mean = rows.mean(axis: 2, keep: true)  // groups×width×1
    let centred = rows - mean  // groups×width×samples
    let covariance = centred.bmm(centred.transposed) / Double(samples)  // groups×width×width
    withoutGradients {
      self.mean.lerp(
        to: mean.detached().reshaped([channels]).to(self.mean.dtype), weight: recipe.momentum)
      self.covariance.lerp(to: covariance.detached(), weight: recipe.momentum)
    }
    return (mean.reshaped([channels]), covariance)
  }

  /// W of each group from the running covariance, groups×width×width float64.
  func evaluationWhitener() -> Tensor { whitener(covariance) }

  /// W of each group, groups×width×width float64.
  private func whitener(_ covariance: Tensor) -> Tensor {
    let identity = Tensor.identity(width, .float64, device: covariance.device)  // width×width
    let scale = covariance.diagonal().mean(axis: 1).reshaped([-1, 1, 1])  // groups×1×1
    // A group that never varies has scale 0; the last term keeps its eigenvalues positive.
    let ridge = scale * (recipe.shrinkage + recipe.epsilon) + 1e-12
    let s = covariance * (1 - recipe.shrinkage) + identity * ridge  // groups×width×width
    // Features that have diverged have no eigenvalues: these give NaN, which is for the caller to find.
    switch recipe.kind {
    case .groupZCA: return s.inverseSquareRoot()
    case .iterNorm: return newtonInverseSquareRoot(s, steps: recipe.iterations)
    }
  }
}

/// S^(−1/2) roughly: P ← ½(3P − P³ S/tr S) from the identity, divided by √tr S. Large eigenvalues come first: with few
/// steps the small ones stay smaller than 1 (Huang et al., IterNorm, 2019, eqs. 5 and 6).
public func newtonInverseSquareRoot(_ s: Tensor, steps: Int) -> Tensor {
  let trace = s.diagonal().sum(axis: -1).reshaped([-1, 1, 1])  // groups×1×1
  let normal = s / trace  // groups×d×d
  var p = Tensor.identity(s.shape[s.rank - 1], s.dtype, device: s.device).expanded(s.shape)
  for _ in 0..<steps { p = p * 1.5 - p.bmm(p).bmm(p).bmm(normal) * 0.5 }
  return p * trace.reciprocalSquareRoot()
}
