import Models
import Torch

/// Similarities of B queries to their own key and to K negatives, over the temperature.
///
/// `masked` (bool, B×K) marks negatives that are none: false negatives get −∞, weight 0. Queries and
/// keys are of length 1. The first column is the positive; see ``infoNCE(_:)``.
public func contrastLogits(
  _ queries: Tensor, _ keys: Tensor, negatives: Tensor, masked: Tensor?, temperature: Double
) -> Tensor {
  let positive = (queries * keys).sum(axis: 1, keep: true)  // B×1
  var negative = queries.matmul(negatives.transposed)  // B×K
  if let masked { negative = negative.filled(-.infinity, where: masked) }
  return Tensor.concatenated([positive, negative], axis: 1) / temperature  // B×(1+K)
}

/// InfoNCE: −log softmax of the first column, mean over the rows (He et al., MoCo, eq. 1).
///
/// With equal similarities it is ln(1+K), where K counts the negatives that are not masked.
public func infoNCE(_ logits: Tensor) -> Tensor {
  (logits.logSumExp(axis: 1) - logits.selected(axis: 1, 0)).mean()
}

/// How many of the rows have a larger similarity in the first column than in any other, 0…1.
///
/// A tie is no win: an encoder that gives one vector for everything scores 0, not 1.
public func topOne(_ logits: Tensor) -> Tensor {
  let negatives = logits.narrowed(axis: 1, 1..<logits.shape[1]).largest(axis: 1)  // B
  return (logits.selected(axis: 1, 0) .> negatives).to(.float32).mean()
}

/// Which of K keys are no negatives of B queries: slices of the same volume that lie nearer than
/// `window` millimetres, the slice itself included.
///
/// Neighbouring slices show the same anatomy, so pushing them apart teaches nothing (design 7).
public func neighbourMask(
  of queries: SliceTags, among keys: SliceTags, window: Double
) -> Tensor {
  let volume = queries.volumes.unsqueezed(1) .== keys.volumes.unsqueezed(0)  // B×K
  let distance = (queries.positions.unsqueezed(1) - keys.positions.unsqueezed(0)).absolute()
  let same = distance .== 0
  return volume .& ((distance .< window) .| same)  // B×K
}

/// Local contrast: InfoNCE between the regions of one pair of views (design 7, our reading).
///
/// `u`, `v` (B×R×D, of length 1) are the R regions seen by the query and the key encoder; region r of
/// one is the positive of region r of the other, the pair's other regions are its negatives.
/// `matches` (int64, B×R) names another positive for each region of the query: see ``likest(_:_:)``.
/// `excluded` (bool, B×R×R) marks regions that overlap in the slice: those that overlap the positive are no
/// negatives. Its diagonal is not read. `valid` (bool, B×R) leaves regions out altogether, as those of crops that hardly overlap.
/// The result is the mean over the regions that are left, 0 when none is; ln R for equal similarities.
public func localInfoNCE(
  _ u: Tensor, _ v: Tensor, matches: Tensor? = nil, excluded: Tensor, valid: Tensor,
  temperature: Double
) -> Tensor {
  let regions = u.shape[1]
  let logits = u.bmm(v.transposed) / temperature  // B×R×R
  let absent = (!valid).unsqueezed(1)  // B×1×R
  let own: Tensor, near: Tensor, positive: Tensor
  if let matches {
    let rows = matches.unsqueezed(2)  // B×R×1
    own = matches.oneHot(regions) .!= 0  // B×R×R
    near = excluded.gathered(axis: 1, rows.expanded(excluded.shape))  // B×R×R
    positive = logits.gathered(axis: 2, rows).squeezed(2)  // B×R
  } else {
    own = Tensor.identity(regions, .bool, device: u.device).unsqueezed(0)  // 1×R×R
    (near, positive) = (excluded, logits.diagonal())
  }
  let masked = (near .| absent) .& !own  // B×R×R
  let loss = logits.filled(-.infinity, where: masked).logSumExp(axis: 2) - positive  // B×R
  let counted = valid.to(loss.dtype)  // B×R
  return (loss * counted).sum() / counted.sum().clamped(min: 1)
}

/// Which of the key's features each of the query's is most like: the largest cosine of B×R×C unit vectors, int64 B×R
/// (Wang et al., DenseCL, eq. 4). Nothing is learned from the choice.
public func likest(_ f: Tensor, _ g: Tensor) -> Tensor {
  withoutGradients { f.bmm(g.transposed).indexOfLargest(axis: 2) }
}

/// VICReg's covariance term (`covariancePenalty`) of N×D features that are brought to variance 1 first:
/// Σ_{i≠j} r_ij² / D of their correlations r.
///
/// What is contrasted has length 1, so the size of the features before it is free, and the bare term would be met
/// by shrinking them.
public func correlationPenalty(_ z: Tensor) -> Tensor {
  covariancePenalty(z / (z.variance(axis: 0, keep: true) + 1e-8).squareRoot())
}

/// The mean of scalars; nil of none.
func mean(_ scalars: [Tensor]) -> Tensor? {
  guard let first = scalars.first else { return nil }
  return scalars.dropFirst().reduce(first) { $0 + $1 } / Double(scalars.count)
}
