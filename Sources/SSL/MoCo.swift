import Loader
import Models
import NN
import Torch

/// Momentum contrast with its additions: the state between steps, and what one step does with it.
///
/// The mathematics is in pure functions (`Contrast.swift`); here are the two networks, the queue and
/// the optimiser, which a checkpoint keeps (He et al., MoCo, algorithm 1; design section 7).
public struct MoCo {
  /// The recipe with every automatic setting in numbers.
  public let recipe: PretrainRecipe
  /// What learns by gradient.
  public let query: ContrastNetwork
  /// What follows it.
  public let key: ContrastNetwork
  /// Keys of past batches; nil where the negatives come from the batch.
  public package(set) var queue: KeyQueue?
  /// What moves the query network.
  public let optimiser: any Optimizer
  /// Steps of gradient that have been made.
  public package(set) var step = 0

  /// Both networks with the same first weights, and an empty queue.
  ///
  /// `recipe` must be resolved (``PretrainRecipe/resolved(slices:)``).
  public init(
    _ recipe: PretrainRecipe, channels: Int, device: Device = .cpu
  ) throws {
    self.recipe = recipe
    query = try ContrastNetwork(recipe, channels: channels, device: device)
    key = try ContrastNetwork(recipe, channels: channels, device: device)
    key.store.copy(from: query.store)
    key.store.freeze()
    queue =
      recipe.queue > 0
      ? KeyQueue(capacity: recipe.queue, width: recipe.dimensions, device: device) : nil
    optimiser = recipe.optimiser(of: query.store.trainable)
  }

  /// Whether keys must still be gathered before anything can be learned.
  public var isFilling: Bool { queue.map { !$0.isFull } ?? false }

  /// Puts the keys of a batch into the queue; nothing is learned.
  public mutating func fill(from batch: CropPairBatch) throws {
    let views = try Views(batch, recipe, device: query.store.device)
    let k = try withoutGradients { try key.keys(views, order: order(of: batch)) }
    queue?.enqueue(k.projected, views.tags)
  }

  /// Learns from one batch of crop pairs and returns what it cost.
  public mutating func step(_ batch: CropPairBatch) throws -> StepLosses {
    let views = try Views(batch, recipe, device: query.store.device)
    key.store.lerp(to: query.store, weight: 1 - recipe.keyMomentum)
    let k = try withoutGradients { try key.keys(views, order: order(of: batch)) }
    let q = try query(views.queries, at: views.queryPoints, .training)
    let negatives = negatives(k.projected, views.tags)
    let logits = contrastLogits(
      q.projected, k.projected, negatives: negatives.keys, masked: negatives.masked,
      temperature: recipe.temperature)  // B×(1+K), B×(1+K+B) with the batch's own
    let losses = Losses(
      global: infoNCE(logits), local: localLoss(q, k, views),
      decorrelation: mean(q.decorrelated.map(correlationPenalty)), topOne: topOne(logits),
      batchTopOne: batchTopOne(q, k, views.tags))
    try descend(losses.total(recipe))
    queue?.enqueue(k.projected, views.tags)
    step += 1
    return try losses.read(recipe, keys: keysCompared(batch.count))
  }

  /// The keys of the queue, of the batch, or of both, and which of them are no negatives of a query.
  private func negatives(_ k: Tensor, _ tags: SliceTags) -> (keys: Tensor, masked: Tensor) {
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
          u.projected, v.projected, excluded: regions.overlap, valid: regions.valid,
          temperature: recipe.temperature)
      })
  }

  private func descend(_ loss: Tensor) throws {
    optimiser.clearGradients()
    loss.backward()
    let longest = recipe.clip > 0 ? recipe.clip : .infinity
    let length = try clipGradients(of: optimiser.parameters, to: longest)
    guard length.isFinite else { throw PretrainError.diverged }
    optimiser.step()
  }

  /// The order in which the keys of a batch are normalised, so that the parts of the batch that see each
  /// other's statistics are not those of the queries (shuffle-BN, MoCo section 3.3); nil for the batch's own.
  private func order(of batch: CropPairBatch) -> Tensor? {
    guard recipe.keyNormGroups > 1 else { return nil }
    let seed = recipe.seed &+ UInt64(batch.step) &* 0x9E37_79B9_7F4A_7C15
    return .randomPermutation(batch.count, seed: seed)
  }
}

/// The losses of a step, scalars with derivatives.
private struct Losses {
  let global: Tensor
  let local: Tensor?
  let decorrelation: Tensor?
  let topOne: Tensor
  let batchTopOne: Tensor

  /// L = L_g + 0.5 L_l, and the penalty with its weight.
  func total(_ recipe: PretrainRecipe) -> Tensor {
    var sum = global
    if let local { sum = sum + local * recipe.local.weight }
    if let decorrelation { sum = sum + decorrelation * recipe.decorrelation.weight }
    return sum
  }

  func read(_ recipe: PretrainRecipe, keys: Int) throws -> StepLosses {
    StepLosses(
      total: try total(recipe).item(), global: try global.item(), local: try local?.item(),
      decorrelation: try decorrelation?.item(), topOne: try topOne.item(),
      batchTopOne: try batchTopOne.item(),
      chance: 1 / Double(keys))
  }
}

/// What a step cost.
public struct StepLosses: Codable, Sendable, Equatable {
  /// The sum that is minimised.
  public var total: Double
  /// The contrast between slices, L_g.
  public var global: Double
  /// The contrast between regions, L_l; nil without it.
  public var local: Double?
  /// The covariance penalty; nil without it.
  public var decorrelation: Double?
  /// How often the positive is the most similar of all keys.
  public var topOne: Double
  /// How often it is the most similar of the keys of its own batch.
  public var batchTopOne: Double
  /// How often `topOne` would be by chance.
  public var chance: Double
}

extension PretrainRecipe {
  func optimiser(of parameters: [Parameter]) -> any Optimizer {
    switch optimiser {
    case .sgd:
      SGD(parameters, learningRate: lr, momentum: momentum, weightDecay: weightDecay)
    case .adamw: AdamW(parameters, learningRate: lr, weightDecay: weightDecay)
    }
  }

  /// The learning rate of a step: warm-up, then half a cosine.
  public func learningRate(step: Int) -> Double {
    cosineRate(lr, step: step, of: steps, warmUp: min(warmup, steps))
  }
}
