import Augment

/// Makes batches of crop pairs: reads each slice, draws its pair, makes both views while the slice is at hand.
struct CropPairMaker: Sendable {
  let recipe: CropPairRecipe
  /// Whether batches hold views, or slices.
  let makingViews: Bool
  let reader: SliceReader
  let seed: UInt64
  private let memory = BatchMemory()

  /// One sample: its pixels are written in place, the rest is returned.
  private typealias Drawn = (slice: Int, pair: CropPair, regions: LocalRegions?)

  init(recipe: CropPairRecipe, makingViews: Bool, reader: SliceReader, seed: UInt64) {
    (self.recipe, self.makingViews, self.reader, self.seed) = (recipe, makingViews, reader, seed)
  }

  /// The batch of a step; its first slice is sample `first` of the stream.
  func batch(
    _ step: Int, _ slices: [Int], first: UInt64
  ) throws(LoaderError) -> CropPairBatch {
    let source = reader.source
    let view = makingViews ? source.channels * recipe.size * recipe.size : 0
    let slice = makingViews ? 0 : source.channels * source.height * source.width
    let queries = BatchNumbers<Float>(slices.count * view, in: memory)
    let keys = BatchNumbers<Float>(slices.count * view, in: memory)
    let stored = BatchNumbers<Int16>(slices.count * slice, in: memory)
    let drawn = try draw(slices, first: first) { item, pair, pixels in
      if makingViews {
        let place = item * view..<(item + 1) * view
        pair.query.apply(to: pixels, into: queries.room(place))
        pair.key.apply(to: pixels, into: keys.room(place))
      } else {
        _ = stored.room(item * slice..<(item + 1) * slice).update(fromContentsOf: pixels.stored)
      }
    }
    let chosen = drawn.map(\.slice)
    return CropPairBatch(
      step: step, count: slices.count, channels: source.channels, size: recipe.size,
      queries: queries, keys: keys,
      stored: makingViews ? nil : StoredSlices(of: source, pixels: stored), slices: chosen,
      volumes: chosen.map { Int32(truncatingIfNeeded: source.volume(of: $0)) },
      positions: chosen.map { source.position(of: $0) }, pairs: drawn.map(\.pair),
      regions: recipe.regions.count > 0
        ? RegionBatch(drawn.compactMap(\.regions), recipe.regions) : nil)
  }

  private func draw(
    _ slices: [Int], first: UInt64, _ body: (Int, CropPair, SlicePixels) -> Void
  ) throws(LoaderError) -> [Drawn] {
    var drawn: [Drawn] = []
    drawn.reserveCapacity(slices.count)
    for (item, slice) in slices.enumerated() {
      let sample = first + UInt64(item)
      drawn.append(
        try reader.read(slice, sample: sample, label: false) { chosen, pixels, _ in
          let (pair, regions) = draw(sample, pixels)
          body(item, pair, pixels)
          return (chosen, pair, regions)
        })
    }
    return drawn
  }

  private func draw(_ sample: UInt64, _ pixels: SlicePixels) -> (CropPair, LocalRegions?) {
    var views = Philox(seed: seed, ordinal: sample, stream: Streams.views)
    let pair = CropPair.draw(
      recipe, sliceHeight: pixels.height, sliceWidth: pixels.width, using: &views)
    guard recipe.regions.count > 0 else { return (pair, nil) }
    var points = Philox(seed: seed, ordinal: sample, stream: Streams.regions)
    let regions = LocalRegions.draw(
      pair, recipe.regions, sliceHeight: pixels.height, sliceWidth: pixels.width, using: &points)
    return (pair, regions)
  }
}

extension StoredSlices {
  fileprivate init(of source: any SliceSource, pixels: BatchNumbers<Int16>) {
    self.init(
      height: source.height, width: source.width, scale: source.scale, offset: source.offset,
      pixels: pixels)
  }
}
