import Augment

/// An endless, bounded, resumable stream of varied slices with their labels.
///
/// The same laws as for ``CropPairBatches``: the batch of step n is a pure function of the
/// arguments and n. Slices without a label are left out.
public final class LabelledBatches: Sendable {
  private let stream: Prefetch<LabelledBatch>
  private let reader: SliceReader
  /// Steps of an epoch.
  public let stepsPerEpoch: Int

  /// Starts a stream.
  ///
  /// - Parameters:
  ///   - source: where slices come from.
  ///   - slices: which of them, all by default; for some volumes, `source.slices(ofVolumes:)`.
  ///   - recipe: how slices and labels are varied; not at all when it is not enabled.
  ///   - batchSize: slices of a batch, B.
  ///   - seed: what everything random follows from, together with the step.
  ///   - startStep: the step of the first batch.
  ///   - foregroundShare: at least this share of each batch is drawn from the slices that hold a
  ///     class other than 0, which are found by reading every label once; 0 leaves it to chance.
  ///   - shard: which part of every batch this stream makes, as for ``CropPairBatches``.
  ///   - balance: how often slices are seen, compared with one another.
  ///   - threads: how many threads make batches; 0 makes each when it is asked for.
  ///   - prefetch: how many batches may be in the making or waiting.
  ///   - onBadSlice: what happens when a slice cannot be read.
  /// - Throws: when no slice has a label, a recipe is out of bounds, or a label cannot be read.
  public init(
    _ source: any SliceSource, slices: SliceSelection? = nil, recipe: LabelledRecipe,
    batchSize: Int,
    seed: UInt64, startStep: Int = 0, foregroundShare: Double = 0, shard: Shard = .whole,
    balance: SampleBalance = .slices, threads: Int = 1, prefetch: Int = 4,
    onBadSlice: BadSlicePolicy = .fail
  ) throws(LoaderError) {
    do { try recipe.validate() } catch { throw .invalid(error.description) }
    let slices = try usable(slices, of: source).labelled(in: source)
    guard !slices.isEmpty else { throw .nothingToLoad }
    try check(batchSize: batchSize, startStep: startStep, shard, balance, slices)
    let reader = SliceReader(
      source, candidates: slices, seed: seed, policy: onBadSlice, minimumDeviation: 0)
    let orders = try LabelledBatches.orders(
      slices, reader, batchSize: batchSize, foregroundShare: foregroundShare, seed: seed,
      ranks: shard.of, balance)
    self.reader = reader
    stepsPerEpoch = orders[0].stepsPerEpoch
    let (height, width) = recipe.size(sliceHeight: source.height, sliceWidth: source.width)
    stream = try Prefetch(from: startStep, threads: threads, bound: prefetch) {
      (step: Int) throws(LoaderError) in
      let first = (step * shard.of + shard.rank) * batchSize
      func sample(_ item: Int) -> UInt64 { UInt64(first + item) }
      func slices(_ step: Int) -> [Int] {
        orders.flatMap { $0.batch(step, shard.places($0.batchSize / shard.of)) }
      }
      source.willRead(slices(step + max(threads, 1)))
      return try LabelledBatch(
        step: step, slices: slices(step), height: height, width: width,
        reader: reader, sample: sample
      ) { item in
        var generator = Philox(seed: seed, ordinal: sample(item), stream: Streams.views)
        return .draw(
          recipe, sliceHeight: source.height, sliceWidth: source.width, using: &generator)
      }
    }
  }

  /// The step of the batch that ``next()`` gives: what a checkpoint keeps.
  public var step: Int { stream.step }

  /// The slices that could not be read and were replaced so far, also ahead of ``step``.
  public var badSlices: [BadSlice] { reader.badSlices }

  /// The batch of the next step. Throws as ``CropPairBatches/next()`` does.
  public func next() throws(LoaderError) -> LabelledBatch { try stream.next() }

  /// Stops the threads and waits for them. The end of the stream's life does the same.
  public func cancel() { stream.cancel() }

  /// One order of all slices, and one of those with foreground for the rest of each batch.
  private static func orders(
    _ slices: SliceSelection, _ reader: SliceReader, batchSize: Int, foregroundShare: Double,
    seed: UInt64, ranks: Int, _ balance: SampleBalance
  ) throws(LoaderError) -> [SliceOrder] {
    func order(_ slices: SliceSelection, _ size: Int, _ stream: UInt32) -> SliceOrder? {
      guard size > 0 else { return nil }
      return SliceOrder(
        slices, batchSize: size * ranks, balance: balance, seed: seed, stream: stream)
    }
    let share = min(max(foregroundShare, 0), 1)
    var forced = min(Int((share * Double(batchSize)).rounded(.up)), batchSize)
    let foreground =
      forced > 0 ? try reader.slicesWithForeground(slices) : SliceSelection()
    if foreground.isEmpty { forced = 0 }
    let all = order(slices, batchSize - forced, Streams.order)
    let rest = order(foreground, forced, Streams.foregroundOrder)
    return [all, rest].compactMap { $0 }
  }
}

extension SliceSelection {
  /// Those that have a label.
  fileprivate func labelled(in source: any SliceSource) -> SliceSelection {
    source.selection(of: lazy.filter { source.hasLabel($0) })
  }
}

extension SliceReader {
  /// Those of `slices` whose label holds a class other than 0 and 255.
  func slicesWithForeground(
    _ slices: SliceSelection
  ) throws(LoaderError) -> SliceSelection {
    var found = SliceSelection()
    var label = [UInt8](repeating: 0, count: source.height * source.width)
    for slice in slices {
      do {
        let labelled = try label.withUnsafeMutableBufferPointer {
          try source.readLabel(slice, into: $0)
        }
        if labelled && label.contains(where: { $0 != 0 && $0 != 255 }) {
          found.append(slice..<slice + 1, volume: source.volume(of: slice))
        }
      } catch {
        try report(slice, error)
      }
    }
    return found
  }
}
