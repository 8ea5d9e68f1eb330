import CTorch

/// Normalisation of feature maps N×C×H×W, then scale and shift by channel where given.
extension Tensor {
  /// By each channel's mean and variance over the batch (`training`), else by the running ones.
  ///
  /// In training `mean` and `variance`, where given, are moved in place towards the batch's by `momentum`
  /// (Ioffe and Szegedy, 2015; the running variance is the unbiased one, as in PyTorch).
  public func batchNormalized(
    weight: Tensor?, bias: Tensor?, mean: Tensor?, variance: Tensor?, training: Bool,
    momentum: Double = 0.1, epsilon: Double = 1e-5,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_batch_norm(
        handle, weight?.handle, bias?.handle, mean?.handle, variance?.handle, training ? 1 : 0,
        momentum, epsilon, $0)
    }
  }

  /// By the mean and variance of each channel of each image, then a leaky ReLU: the same as one after the other, in
  /// half the passes, and in this tensor's memory format.
  public func instanceNormalizedLeakyReLU(
    weight: Tensor, bias: Tensor, epsilon: Double = 1e-5, slope: Double = 0.01,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_instance_norm_leaky_relu(
        handle, weight.handle, bias.handle, epsilon, slope, $0)
    }
  }

  /// By the mean and variance of each channel of each image (Ulyanov et al., 2016).
  public func instanceNormalized(
    weight: Tensor?, bias: Tensor?, epsilon: Double = 1e-5,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_instance_norm(handle, weight?.handle, bias?.handle, epsilon, $0)
    }
  }
}

/// How a loss of many elements becomes one number.
public enum LossReduction: String, Sendable, Codable, CaseIterable {
  case none, mean, sum

  /// The shim's number.
  package var code: Int32 {
    switch self {
    case .none: Int32(CTorchReduceNone)
    case .mean: Int32(CTorchReduceMean)
    case .sum: Int32(CTorchReduceSum)
    }
  }
}

/// Losses of classification.
extension Tensor {
  /// −log softmax at the target: logits N×C×..., targets N×... int64, elements of class `ignored` left out.
  ///
  /// The mean is over the targets that count, weighted by their class; it is not a number when none does.
  public func crossEntropy(
    _ target: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean,
    ignored: Int = -100, smoothing: Double = 0,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_cross_entropy(
        handle, target.handle, weight?.handle, reduction.code, Int64(ignored), smoothing, $0)
    }
  }

  /// −the element at the target: logarithms of probabilities N×C×..., targets N×... int64.
  public func negativeLogLikelihood(
    _ target: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean,
    ignored: Int = -100, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_negative_log_likelihood(
        handle, target.handle, weight?.handle, reduction.code, Int64(ignored), $0)
    }
  }
}
