import Augment
import Loader
import Testing

@Suite struct CropPairBatchesTests {
  let slices = source([9, 12, 10, 11, 8])

  private func batches(
    threads: Int, from step: Int = 0, count: Int, batchSize: Int = 4, seed: UInt64 = 3
  ) throws -> [CropPairBatch] {
    let stream = try CropPairBatches(
      slices, recipe: smallCrops, batchSize: batchSize, seed: seed, startStep: step,
      threads: threads, prefetch: 3)
    return try (0..<count).map { _ in try stream.next() }
  }

  @Test func anyNumberOfThreadsGivesTheSameBatches() throws {
    let alone = try batches(threads: 0, count: 15)
    for threads in 1...3 { #expect(try batches(threads: threads, count: 15) == alone) }
    #expect(try batches(threads: 1, count: 1, seed: 4) != [alone[0]])
  }

  @Test func startingAtAStepEqualsSkippingToIt() throws {
    let whole = try batches(threads: 0, count: 30)
    #expect(try batches(threads: 2, from: 17, count: 13) == Array(whole[17...]))
  }

  @Test func aBatchHoldsWhatItSays() throws {
    let batch = try batches(threads: 1, from: 2, count: 1)[0]
    #expect(batch.step == 2 && batch.count == 4 && batch.channels == 1 && batch.size == 8)
    #expect(batch.queries.count == 4 * 64 && batch.keys.count == 4 * 64)
    #expect(batch.volumes == batch.slices.map { Int32(slices.volume(of: $0)) })
    #expect(batch.positions == batch.slices.map { slices.position(of: $0) })
    for (item, slice) in batch.slices.enumerated() {
      let seen = slices.slices[slice].pixels.withUnsafeBufferPointer {
        batch.pairs[item].key.applied(
          to: SlicePixels($0, channels: 1, height: 12, width: 10, scale: 1, offset: 0))
      }
      #expect(Array(batch.keys[item * 64..<(item + 1) * 64]) == seen)
    }
    let regions = try #require(batch.regions)
    #expect(regions.queryPoints.count == 4 * 4 * 4 * 2 && regions.overlap.count == 4 * 16)
    #expect(regions.valid.count == 4)
  }

  @Test func everySampleOfAStreamIsDrawnFromItsOwnOrdinal() throws {
    for batch in try batches(threads: 2, count: 3) {
      for (item, pair) in batch.pairs.enumerated() {
        var generator = Philox(seed: 3, ordinal: UInt64(batch.step * 4 + item))
        let drawn = CropPair.draw(smallCrops, sliceHeight: 12, sliceWidth: 10, using: &generator)
        #expect(pair == drawn)
      }
    }
  }

  @Test func anEpochOfBatchesIsAPermutation() throws {
    let seen = try batches(threads: 2, count: 10, batchSize: 5).flatMap(\.slices)
    #expect(seen.sorted() == Array(0..<50))
  }

  @Test func onlyTheSlicesAskedForAreSeen() throws {
    let wanted = slices.slices(ofVolumes: [1, 3])
    #expect(wanted.count == 23)
    let stream = try CropPairBatches(
      slices, slices: wanted, recipe: smallCrops, batchSize: 4, seed: 1)
    for _ in 0..<12 {
      #expect(try stream.next().volumes.allSatisfy { $0 == 1 || $0 == 3 })
    }
  }

  @Test func regionsAreLeftOutWhenNoneAreAskedFor() throws {
    var recipe = smallCrops
    recipe.regions.count = 0
    let stream = try CropPairBatches(slices, recipe: recipe, batchSize: 4, seed: 3, threads: 0)
    let batch = try stream.next()
    #expect(batch.regions == nil)
    #expect(try batch.queries == batches(threads: 0, count: 1)[0].queries)
  }

  @Test func aBadSliceFailsItsBatchAndKeepsFailing() throws {
    let damaged = Damaged(whole: slices, bad: Set(0..<50))
    for threads in [0, 2] {
      let stream = try CropPairBatches(
        damaged, recipe: smallCrops, batchSize: 4, seed: 1, threads: threads)
      for _ in 0..<2 {
        #expect { try stream.next() } throws: { error in
          guard case .badSlice(_, let reason)? = error as? LoaderError else { return false }
          return reason == "checksum differs"
        }
      }
      #expect(stream.step == 0)
    }
  }

  @Test func aBadSliceIsReplacedByTheSameOneForAnyNumberOfThreads() throws {
    let damaged = Damaged(whole: slices, bad: [3, 17, 40])
    let runs = try [0, 1, 3].map { threads in
      let stream = try CropPairBatches(
        damaged, recipe: smallCrops, batchSize: 5, seed: 1, threads: threads, onBadSlice: .replace)
      let seen = try (0..<10).map { _ in try stream.next() }
      #expect(stream.badSlices.map(\.slice) == [3, 17, 40])
      return seen
    }
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
    #expect(Set(runs[0].flatMap(\.slices)).isDisjoint(with: damaged.bad))
  }

  @Test func replacementsAreSpreadOverTheRest() throws {
    let damaged = Damaged(whole: slices, bad: Set(0..<25))
    let stream = try CropPairBatches(
      damaged, recipe: smallCrops, batchSize: 10, seed: 1, threads: 0, onBadSlice: .replace)
    let seen = try (0..<5).flatMap { _ in try stream.next().slices }
    #expect(Set(seen) == Set(25..<50))
    #expect((25..<50).map { slice in seen.filter { $0 == slice }.count }.max() ?? 0 <= 8)
  }

  @Test func whenNothingCanBeReadThereIsNoReplacement() throws {
    let damaged = Damaged(whole: slices, bad: Set(0..<50))
    let stream = try CropPairBatches(
      damaged, recipe: smallCrops, batchSize: 2, seed: 1, threads: 1, onBadSlice: .replace)
    #expect { try stream.next() } throws: { error in
      guard case .noUsableSlice? = error as? LoaderError else { return false }
      return true
    }
  }

  @Test func airIsLeftOutWhenAskedFor() throws {
    var airy = slices
    for slice in stride(from: 0, to: 50, by: 4) {
      airy.slices[slice].pixels = [Int16](repeating: -5, count: 120)
    }
    let stream = try CropPairBatches(
      airy, recipe: smallCrops, batchSize: 5, seed: 1, threads: 2, minimumDeviation: 1)
    for _ in 0..<10 { #expect(try stream.next().slices.allSatisfy { $0 % 4 != 0 }) }
    #expect(stream.badSlices.isEmpty)
  }

  @Test func whatCannotBeStreamedIsRefused() {
    #expect(throws: LoaderError.nothingToLoad) {
      try CropPairBatches(
        slices, slices: SliceSelection(), recipe: smallCrops, batchSize: 4, seed: 1)
    }
    #expect(throws: LoaderError.self) {
      try CropPairBatches(
        slices, slices: SliceSelection([50]) { _ in 0 }, recipe: smallCrops, batchSize: 4, seed: 1)
    }
    #expect(throws: LoaderError.self) {
      try CropPairBatches(slices, recipe: smallCrops, batchSize: 0, seed: 1)
    }
    var recipe = smallCrops
    recipe.size = 0
    #expect(throws: LoaderError.self) {
      try CropPairBatches(slices, recipe: recipe, batchSize: 4, seed: 1)
    }
  }

  @Test func theRanksTogetherMakeTheBatchOfOne() throws {
    let whole = try batches(threads: 0, count: 8, batchSize: 6)
    let parts = try (0..<3).map { rank in
      try CropPairBatches(
        slices, recipe: smallCrops, batchSize: 2, seed: 3, shard: Shard(rank: rank, of: 3))
    }
    for batch in whole {
      let own = try parts.map { try $0.next() }
      #expect(own.allSatisfy { $0.count == 2 })
      #expect(own.flatMap(\.slices) == batch.slices)
      #expect(own.flatMap(\.queries) == Array(batch.queries))
      #expect(own.flatMap(\.pairs) == batch.pairs)
    }
    #expect(Set(whole.flatMap(\.slices)).count == 48)
  }

  @Test func everyVolumeComesAlikeWhenAskedFor() throws {
    let stream = try CropPairBatches(
      slices, recipe: smallCrops, batchSize: 5, seed: 3, balance: .volumes)
    for _ in 0..<12 { #expect(try Set(stream.next().volumes).count == 5) }
  }

  @Test func whatIsNoShareOrWeightIsRefused() {
    for (shard, balance) in [
      (Shard(rank: 2, of: 2), .slices), (Shard(rank: 0, of: 0), .slices),
      (.whole, .weights([1, 1])), (.whole, .weights([0, 0, 0, 0, 0])),
      (.whole, .weights([1, 1, -1, 1, 1])),
    ] as [(Shard, SampleBalance)] {
      #expect(throws: LoaderError.self) {
        try CropPairBatches(
          slices, recipe: smallCrops, batchSize: 4, seed: 1, shard: shard, balance: balance)
      }
    }
  }
}
