import Augment

/// An endless, bounded, resumable stream of batches of crop pairs.
///
/// The batch of step n is a pure function of (source, recipe, batch size, seed, n): any number of
/// threads gives the same batches, and a stream that starts at step n goes on as one that has given
/// n batches. An epoch is a permutation of the slices, at most one of a volume in a batch where
/// possible; batches are always full (what does not fill one at the end of an epoch is left out,
/// something else in each; where a batch is larger than the data, slices recur in it).
///
///     let batches = try CropPairBatches(store, recipe: crops, batchSize: 64, seed: 1)
///     while step < steps { try train(on: batches.next()) }
public final class CropPairBatches: Sendable {
  private let stream: Prefetch<CropPairBatch>
  private let reader: SliceReader
  /// Steps of an epoch.
  public let stepsPerEpoch: Int

  /// Starts a stream.
  ///
  /// - Parameters:
  ///   - source: where slices come from.
  ///   - slices: which of them, all by default; for a split, `source.slices(ofVolumes:)`.
  ///   - recipe: how views and regions are drawn.
  ///   - makingViews: whether batches hold the views, or the slices for them to be made of elsewhere.
  ///   - batchSize: pairs of a batch, B.
  ///   - seed: what everything random follows from, together with the step.
  ///   - startStep: the step of the first batch.
  ///   - shard: which part of every batch this stream makes; `batchSize` is that part. The parts of
  ///     all ranks together are the batch of a single stream, sample for sample.
  ///   - balance: how often slices are seen, compared with one another.
  ///   - threads: how many threads make batches; 0 makes each when it is asked for.
  ///   - prefetch: how many batches may be in the making or waiting.
  ///   - onBadSlice: what happens when a slice cannot be read.
  ///   - minimumDeviation: slices none of whose channels varies as much (standard deviation, real
  ///     units) are replaced by others, so that air is left out; 0 takes all.
  /// - Throws: when there are no slices or the recipe is out of bounds.
  public init(
    _ source: any SliceSource, slices: SliceSelection? = nil, recipe: CropPairRecipe,
    makingViews: Bool = true, batchSize: Int, seed: UInt64, startStep: Int = 0,
    shard: Shard = .whole, balance: SampleBalance = .slices,
    threads: Int = 1, prefetch: Int = 4, onBadSlice: BadSlicePolicy = .fail,
    minimumDeviation: Float = 0
  ) throws(LoaderError) {
    do { try recipe.validate() } catch { throw .invalid(error.description) }
    let slices = try usable(slices, of: source)
    try check(batchSize: batchSize, startStep: startStep, shard, balance, slices)
    let order = SliceOrder(
      slices, batchSize: batchSize * shard.of, balance: balance, seed: seed, stream: Streams.order)
    let reader = SliceReader(
      source, candidates: slices, seed: seed, policy: onBadSlice,
      minimumDeviation: minimumDeviation)
    self.reader = reader
    stepsPerEpoch = order.stepsPerEpoch
    let places = shard.places(batchSize)
    let maker = CropPairMaker(recipe: recipe, makingViews: makingViews, reader: reader, seed: seed)
    stream = try Prefetch(from: startStep, threads: threads, bound: prefetch) {
      (step: Int) throws(LoaderError) in
      source.willRead(order.batch(step + max(threads, 1), places))
      let first = step * order.batchSize + places.lowerBound
      return try maker.batch(step, order.batch(step, places), first: UInt64(first))
    }
  }

  /// The step of the batch that ``next()`` gives: what a checkpoint keeps.
  public var step: Int { stream.step }

  /// The slices that could not be read and were replaced so far, also ahead of ``step``.
  public var badSlices: [BadSlice] { reader.badSlices }

  /// The largest number of batches that were in being at once, apart from those handed out.
  package var peak: Int { stream.peak }

  /// The batch of the next step.
  ///
  /// Waits for it if need be. Throws when a slice cannot be read and must not be replaced (asking
  /// again fails again), and after ``cancel()``.
  public func next() throws(LoaderError) -> CropPairBatch { try stream.next() }

  /// Stops the threads and waits for them. The end of the stream's life does the same.
  public func cancel() { stream.cancel() }
}

extension Shard {
  /// The places in the whole batch of the part of this rank.
  func places(_ batchSize: Int) -> Range<Int> { rank * batchSize..<(rank + 1) * batchSize }
}

/// The slices asked for, if they exist; all of them for nil.
func usable(
  _ slices: SliceSelection?, of source: any SliceSource
) throws(LoaderError) -> SliceSelection {
  let slices = slices ?? source.selection()
  guard !slices.isEmpty else { throw .nothingToLoad }
  guard slices.exists(among: source.count) else {
    throw .invalid("A slice was asked for that the store does not have; it has \(source.count).")
  }
  guard source.width >= 2 && source.height >= 2 else {
    throw .invalid("Slices of \(source.height)×\(source.width) pixels are too small; 2×2 is least.")
  }
  return slices
}

/// Checks what every stream needs.
func check(
  batchSize: Int, startStep: Int, _ shard: Shard, _ balance: SampleBalance,
  _ slices: SliceSelection
) throws(LoaderError) {
  guard shard.of >= 1 && (0..<shard.of).contains(shard.rank) else {
    throw .invalid("Rank \(shard.rank) of \(shard.of) does not exist; ranks count from 0.")
  }
  guard (1...1 << 20).contains(batchSize * shard.of) else {
    throw .invalid("A batch has 1 to 1048576 slices, not \(batchSize * shard.of).")
  }
  guard (0...1 << 40).contains(startStep) else {
    throw .invalid("A stream cannot start at step \(startStep); the first is 0.")
  }
  guard case .weights(let weights) = balance else { return }
  let own = slices.volumes.filter { weights.indices.contains($0) }.map { weights[$0] }
  guard own.count == slices.volumes.count, own.allSatisfy({ $0 >= 0 && $0.isFinite }),
    own.reduce(0, +) > 0
  else { throw .invalid("Every volume needs a weight of 0 or more, and one of them more than 0.") }
}
