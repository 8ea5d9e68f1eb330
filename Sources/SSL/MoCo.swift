import Loader
import Models
import NN
import Torch

/// Momentum contrast with its additions: the state between steps, and what a batch costs.
///
/// The mathematics is in pure functions (`Contrast.swift`); here are the two networks and the queue, which a
/// checkpoint keeps (He et al., MoCo, algorithm 1; design section 7).
package struct MoCo: Objective {
  /// What learns by gradient.
  package let query: ContrastNetwork
  /// What follows it.
  package let key: ContrastNetwork
  /// Keys of past batches; nil where the negatives come from the batch.
  package private(set) var queue: KeyQueue?
  package var descent: Descent
  /// The keys of a batch, until the network has moved.
  private var fresh: (keys: Tensor, tags: SliceTags)?

  /// Both networks with the same first weights, and an empty queue.
  ///
  /// `recipe` must be resolved (``PretrainRecipe/resolved(slices:)``). `heads` is given each network, the query first, to
  /// build more into its store.
  package init(
    _ recipe: PretrainRecipe, channels: Int, device: Device = .cpu,
    heads: (ContrastNetwork) throws -> Void = { _ in }
  ) throws {
    query = try ContrastNetwork(recipe, channels: channels, device: device)
    key = try ContrastNetwork(recipe, channels: channels, device: device)
    try heads(query)
    try heads(key)
    key.store.copy(from: query.store)
    key.store.freeze()
    queue = KeyQueue(recipe, device: device)
    descent = Descent(recipe, query.store)
  }

  package var backbone: Backbone { query.backbone }

  /// Whether keys must still be gathered before anything can be learned.
  package var isFilling: Bool { queue.map { !$0.isFull } ?? false }

  /// Puts the keys of a batch into the queue; nothing is learned.
  package mutating func fill(_ views: Views) throws {
    enqueue(try keys(of: views), views.tags)
  }

  /// Puts keys into the queue.
  mutating func enqueue(_ k: Embeddings, _ tags: SliceTags) { queue?.enqueue(k.projected, tags) }

  package mutating func cost(_ views: Views) throws -> Cost {
    let (q, k) = try embed(views)
    return contrast(q, k, views)
  }

  package mutating func stepped() {
    if let fresh { queue?.enqueue(fresh.keys, fresh.tags) }
    fresh = nil
  }

  package func embed(_ images: Tensor) throws -> (features: Features, projected: Tensor?) {
    let found = query(images, at: nil, .evaluation)
    return (found.features, found.projected)
  }

  /// Both views, each by its encoder, after the key encoder has followed.
  func embed(_ views: Views) throws -> (q: Embeddings, k: Embeddings) {
    key.store.lerp(to: query.store, weight: 1 - recipe.keyMomentum)
    let k = try keys(of: views)
    return (query(views.queries, at: views.queryPoints, .training), k)
  }

  /// What the key encoder makes of the second views, without derivatives.
  func keys(of views: Views) throws -> Embeddings {
    try withoutGradients { key.keys(views, order: try order(of: views)) }
  }

  /// L = L_g + 0.5 L_l, and the penalty with its weight.
  mutating func contrast(_ q: Embeddings, _ k: Embeddings, _ views: Views) -> Cost {
    fresh = (k.projected, views.tags)
    let negatives = negatives(k.projected, views.tags, in: queue)
    let logits = contrastLogits(
      q.projected, k.projected, negatives: negatives.keys, masked: negatives.masked,
      temperature: recipe.temperature)  // B×(1+K), B×(1+K+B) with the batch's own
    let global = infoNCE(logits)
    var cost = Cost(global)
    cost.global = global
    if let local = localLoss(q, k, views) {
      cost.local = local
      cost.loss = cost.loss + local * recipe.local.weight
    }
    if let penalty = mean(q.features.decorrelated.map(correlationPenalty)) {
      cost.decorrelation = penalty
      cost.loss = cost.loss + penalty * penaltyWeight
    }
    (cost.topOne, cost.batchTopOne) = (topOne(logits), batchTopOne(q, k, views.tags))
    cost.chance = 1 / Double(keysCompared(views.count))
    return cost
  }

  /// What the penalty counts in this step.
  private var penaltyWeight: Double {
    let (weight, share) = (recipe.decorrelation.weight, optimiser.learningRate / recipe.lr)
    return recipe.decorrelation.fades ? weight * share : weight
  }

  /// The keys of a queue, of the batch, or of both, and which of them are no negatives of a query.
  func negatives(
    _ k: Tensor, _ tags: SliceTags, in queue: KeyQueue?
  ) -> (keys: Tensor, masked: Tensor) {
    let own = neighbourMask(of: tags, among: tags, window: recipe.window)  // B×B
    guard let queue else { return (k, own) }
    let past = neighbourMask(of: tags, among: queue.tags, window: recipe.window)  // B×K
    guard recipe.batchNegatives else { return (queue.keys, past) }
    return (
      .concatenated([queue.keys, k], axis: 0), .concatenated([past, own], axis: 1)
    )
  }

  /// How many keys a query is compared with: its own and the negatives, were none masked.
  private func keysCompared(_ batch: Int) -> Int {
    guard let queue else { return batch }
    return queue.capacity + (recipe.batchNegatives ? batch : 1)
  }

  /// Top-1 among the batch's own keys, which are all of the same age: unlike the queue's, none of them can
  /// be told from the positive by how far the encoder has moved on since.
  private func batchTopOne(_ q: Embeddings, _ k: Embeddings, _ tags: SliceTags) -> Tensor {
    withoutGradients {
      topOne(
        contrastLogits(
          q.projected, k.projected, negatives: k.projected,
          masked: neighbourMask(of: tags, among: tags, window: recipe.window),
          temperature: recipe.temperature))
    }
  }

  private func localLoss(_ q: Embeddings, _ k: Embeddings, _ views: Views) -> Tensor? {
    guard let regions = views.regions else { return nil }
    return mean(
      zip(q.regions, k.regions).map { u, v in
        localInfoNCE(
          u.projected, v.projected,
          matches: recipe.local.matching == .argmax ? likest(u.features, v.features) : nil,
          excluded: regions.overlap, valid: regions.valid, temperature: recipe.temperature)
      })
  }

  /// The order in which the keys of a batch are normalised, so that the parts of the batch that see each
  /// other's statistics are not those of the queries (shuffle-BN, MoCo section 3.3); nil for the batch's own.
  private func order(of views: Views) throws -> Tensor? {
    guard recipe.keyNormGroups > 1 else { return nil }
    return try Tensor.randomPermutation(views.count, seed: views.seed).to(query.store.device)
  }
}

/// What a checkpoint keeps of it besides the query network: `key.…`, `queue.…`.
extension MoCo {
  package var memory: [String: Tensor] {
    key.store.tensors(prefix: "key.").merging(queue?.tensors("queue.") ?? [:]) { a, _ in a }
  }

  package var counters: [String: Int] { queue?.counters("queue.") ?? [:] }

  package mutating func restore(_ counters: [String: Int]) -> Bool {
    queue?.restore(counters, "queue.") ?? true
  }
}
