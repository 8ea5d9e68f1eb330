import Foundation
import Torch

/// Whether a layer learns from the batch or only uses what it has learned.
///
/// Handed to each call, never kept: a model has no hidden switch, and a frozen encoder is one that is called with
/// `.evaluation`.
public enum Mode: Sendable {
  /// Statistics of the batch, running statistics moved towards them.
  case training
  /// Running statistics.
  case evaluation
}

/// Batch norm of N×C×H×W (Ioffe and Szegedy, 2015) with PyTorch's names and running statistics.
///
/// With `groups` > 1 the batch is cut into that many runs of neighbours, each normalised by statistics of its own, as
/// several devices would: in one process, the "shuffle" of MoCo (He et al., section 3.3) is to permute the key
/// batch and call this. Each run moves the running statistics, by a momentum that makes all of them together count once.
public struct BatchNorm2d {
  /// Scale, C; nil without `affine`.
  public let weight: Tensor?
  /// Shift, C; nil without `affine`.
  public let bias: Tensor?
  /// Running mean, C.
  public let mean: Tensor
  /// Running variance (unbiased), C.
  public let variance: Tensor
  /// Batches seen, int64.
  public let batches: Tensor
  /// Weight of the new batch in the running statistics.
  public let momentum: Double
  /// Added to the variance.
  public let epsilon: Double
  /// Parts of the batch that do not see each other.
  public let groups: Int

  /// Makes `weight`, `bias`, `running_mean`, `running_var`, `num_batches_tracked`.
  public init(
    _ scope: Scope, _ channels: Int, affine: Bool = true, momentum: Double = 0.1,
    epsilon: Double = 1e-5, groups: Int = 1, initialWeight: Double = 1
  ) {
    weight = affine ? scope.parameter("weight", [channels], .constant(initialWeight)) : nil
    bias = affine ? scope.parameter("bias", [channels], .constant(0)) : nil
    mean = scope.buffer("running_mean", [channels], 0)
    variance = scope.buffer("running_var", [channels], 1)
    batches = scope.buffer("num_batches_tracked", [], 0, dtype: .int64)
    (self.momentum, self.epsilon, self.groups) = (momentum, epsilon, groups)
  }

  /// N×C×H×W to the same. In training with groups, N must be a multiple of them (else traps).
  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    guard mode == .training else { return normalized(x, training: false, momentum) }
    batches.add(1)
    if groups == 1 { return normalized(x, training: true, momentum) }
    let count = x.shape[0]
    require(count % groups == 0, "a batch of \(count) cannot be cut into \(groups) parts")
    let share = count / groups
    let part = 1 - pow(1 - momentum, 1 / Double(groups))
    let parts = (0..<groups).map {
      normalized(x[$0 * share..<($0 + 1) * share], training: true, part)
    }
    return .concatenated(parts, axis: 0)  // N×C×H×W
  }

  private func normalized(_ x: Tensor, training: Bool, _ momentum: Double) -> Tensor {
    x.batchNormalized(
      weight: weight, bias: bias, mean: mean, variance: variance, training: training,
      momentum: momentum, epsilon: epsilon)
  }
}

/// Instance norm of N×C×H×W (Ulyanov et al., 2016): each channel of each image by itself; the same in training and
/// evaluation.
public struct InstanceNorm2d {
  /// Scale, C; nil without `affine`.
  public let weight: Tensor?
  /// Shift, C; nil without `affine`.
  public let bias: Tensor?
  /// Added to the variance.
  public let epsilon: Double

  /// Makes `weight` and `bias`, unless told otherwise.
  public init(_ scope: Scope, _ channels: Int, affine: Bool = true, epsilon: Double = 1e-5) {
    weight = affine ? scope.parameter("weight", [channels], .constant(1)) : nil
    bias = affine ? scope.parameter("bias", [channels], .constant(0)) : nil
    self.epsilon = epsilon
  }

  /// N×C×H×W to the same.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.instanceNormalized(weight: weight, bias: bias, epsilon: epsilon)
  }

  /// The same with a leaky ReLU behind it, N×C×H×W; with scale and shift in fewer passes over the image.
  public func leakyReLU(of x: Tensor, _ slope: Double) -> Tensor {
    guard let weight, let bias else { return self(x).leakyReLU(slope) }
    return x.instanceNormalizedLeakyReLU(
      weight: weight, bias: bias, epsilon: epsilon, slope: slope)
  }
}
