import Torch

/// The two terms a segmenter learns from, both scalars.
public struct SegmentationLoss {
  /// One minus the soft Dice coefficient, mean over the foreground classes.
  public var dice: Tensor
  /// Cross-entropy, mean over the labelled pixels.
  public var crossEntropy: Tensor
  /// Their sum.
  public var total: Tensor { dice + crossEntropy }
}

/// Soft Dice and cross-entropy of class scores (the pair that nnU-Net trains with, Isensee et al.
/// 2021; Dice after Drozdzal et al. 2016).
///
/// Dice is taken over the whole batch as one volume, class by class, without the background:
/// (2 Σ p·t + s) / (Σ p + Σ t + s). Pixels labelled `ignored` count in neither term; a batch of
/// nothing else costs nothing in cross-entropy.
///
/// - Parameters:
///   - logits: class scores, N×C×H×W, C ≥ 2.
///   - target: classes 0..<C or `ignored`, N×H×W, int64.
///   - ignored: the label of pixels that are not labelled.
///   - smoothing: s, which keeps a class absent from batch and prediction at Dice 1.
public func segmentationLoss(
  _ logits: Tensor, _ target: Tensor, ignored: Int = 255, smoothing: Double = 1e-5
) -> SegmentationLoss {
  let scores = logits.dtype == .float64 ? logits : logits.to(.float32)  // N×C×H×W
  let classes = scores.shape[1]
  let valid = (target .!= Double(ignored)).to(scores.dtype)  // N×H×W
  let entropy =
    scores.crossEntropy(target, reduction: .sum, ignored: ignored) / valid.sum().clamped(min: 1)

  let weight = valid.unsqueezed(1)  // N×1×H×W
  let known = target.filled(0, where: target .== Double(ignored))  // N×H×W
  let truth = known.oneHot(classes).permuted([0, 3, 1, 2]).to(scores.dtype) * weight  // N×C×H×W
  let share = scores.softmax(axis: 1) * weight  // N×C×H×W
  let overlap = (share * truth).sum(axes: [0, 2, 3])  // C
  let extent = share.sum(axes: [0, 2, 3]) + truth.sum(axes: [0, 2, 3])  // C
  let dice = (overlap * 2 + smoothing) / (extent + smoothing)  // C
  let foreground = dice.narrowed(axis: 0, 1..<classes)  // C−1
  return SegmentationLoss(dice: 1 - foreground.mean(), crossEntropy: entropy)
}
