import Models
import NN
import Torch

/// What only DenseCL has. The map is that of `local.level`, the vectors have `local.dimensions`.
public struct DenseRecipe: Codable, Sendable, Equatable {
  /// λ: the share of the dense contrast in the loss.
  public var weight = 0.5
  /// The map is averaged to a grid of at most so many cells a side.
  public var grid = 7

  /// The defaults.
  public init() {}
}

/// Dense contrastive learning (Wang et al., *DenseCL*, arXiv 2011.09157): beside MoCo's contrast between slices one
/// between cells of a feature map, L = (1 − λ) L_q + λ L_r.
///
/// The positive of a cell is the cell of the other view whose **backbone** feature is most like its own, wherever
/// the crops lie; its negatives are pooled dense keys of past batches, in a queue of their own. Both queues know where
/// keys come from, as MoCo's does here.
package struct DenseCL: Objective {
  package private(set) var moco: MoCo
  /// Pooled dense keys of past batches; nil where the negatives come from the batch.
  package private(set) var queue: KeyQueue?
  private let heads: [LocalProjectionHead]
  private let level: Int
  private var fresh: (keys: Tensor, tags: SliceTags)?

  /// MoCo with a dense head in both networks; `recipe` must be resolved.
  package init(_ recipe: PretrainRecipe, channels: Int, device: Device = .cpu) throws {
    var heads: [LocalProjectionHead] = []
    moco = try MoCo(recipe, channels: channels, device: device) { network in
      heads.append(
        LocalProjectionHead(
          network.store.root / "head", network.backbone.encoder.channels[network.levels[0]],
          output: recipe.local.dimensions))
    }
    (self.heads, level) = (heads, moco.query.levels[0])
    queue =
      recipe.queue > 0
      ? KeyQueue(capacity: recipe.queue, width: recipe.local.dimensions, device: device) : nil
  }

  package var backbone: Backbone { moco.backbone }
  package var isFilling: Bool { moco.isFilling }
  package var descent: Descent {
    get { moco.descent }
    set { moco.descent = newValue }
  }

  package mutating func fill(_ views: Views) throws {
    let k = try moco.keys(of: views)
    moco.enqueue(k, views.tags)
    let pooled = withoutGradients { cells(k, by: heads[1]).pooled }
    queue?.enqueue(pooled, views.tags)
  }

  package mutating func cost(_ views: Views) throws -> Cost {
    let (q, k) = try moco.embed(views)
    var cost = moco.contrast(q, k, views)
    let u = cells(q, by: heads[0])
    let v = withoutGradients { cells(k, by: heads[1]) }
    fresh = (v.pooled, views.tags)
    let negatives = moco.negatives(v.pooled, views.tags, in: queue)
    let dense = denseInfoNCE(
      u.projected, v.projected, matches: likest(u.features, v.features),
      negatives: negatives.keys, masked: negatives.masked, temperature: recipe.temperature)
    cost.terms = ["dense": dense]
    if let global = cost.global { cost.loss = cost.loss + (dense - global) * recipe.dense.weight }
    return cost
  }

  package mutating func stepped() {
    moco.stepped()
    if let fresh { queue?.enqueue(fresh.keys, fresh.tags) }
    fresh = nil
  }

  package func embed(_ images: Tensor) throws -> (features: Features, projected: Tensor?) {
    try moco.embed(images)
  }

  package var memory: [String: Tensor] {
    moco.memory.merging(queue?.tensors("dense.") ?? [:]) { a, _ in a }
  }

  package var counters: [String: Int] {
    moco.counters.merging(queue?.counters("dense.") ?? [:]) { a, _ in a }
  }

  package mutating func restore(_ counters: [String: Int]) -> Bool {
    moco.restore(counters) && queue?.restore(counters, "dense.") ?? true
  }

  /// The cells of the map, S of them: backbone features B×S×C and what a head makes of them B×S×D, both of length 1,
  /// and the head's mean over the map, B×D, of length 1.
  private func cells(
    _ found: Embeddings, by head: LocalProjectionHead
  ) -> (features: Tensor, projected: Tensor, pooled: Tensor) {
    let map = found.features.maps[level].to(.float32)  // B×C×h×w
    let (height, width) = (
      min(recipe.dense.grid, map.shape[2]), min(recipe.dense.grid, map.shape[3])
    )
    let grid = map.averagePooled(to: (height: height, width: width))
    let raw = head(grid)  // B×D×g×g
    func rows(_ map: Tensor) -> Tensor {
      map.reshaped([map.shape[0], map.shape[1], -1]).transposed.normalized(axis: 2)
    }
    return (rows(grid), rows(raw), raw.globallyPooled().normalized(axis: 1))
  }
}

/// InfoNCE of cells (DenseCL, eq. 3): each of the S cells of B queries (B×S×D, of length 1) against the key's cell
/// that `matches` (B×S, int64) names and K pooled keys (K×D), of which `masked` (bool, B×K) are none.
///
/// The mean over cells and slices; ln(1+K) for equal similarities.
public func denseInfoNCE(
  _ u: Tensor, _ v: Tensor, matches: Tensor, negatives: Tensor, masked: Tensor,
  temperature: Double
) -> Tensor {
  let (batch, cells, width, count) = (u.shape[0], u.shape[1], u.shape[2], negatives.shape[0])
  let positives = v.gathered(axis: 1, matches.unsqueezed(2).expanded([batch, cells, width]))
  let mask = masked.unsqueezed(1).expanded([batch, cells, count]).reshaped([-1, count])
  return infoNCE(
    contrastLogits(
      u.reshaped([-1, width]), positives.reshaped([-1, width]), negatives: negatives, masked: mask,
      temperature: temperature))
}
