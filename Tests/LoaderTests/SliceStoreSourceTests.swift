import Augment
import CCounting
import Foundation
import Imaging
import Loader
import SliceStore
import TestFolders
import Testing

@Suite struct SliceStoreSourceTests {
  /// Writes the same slices as a store and runs `body` with it.
  private func withStore(
    _ slices: MemorySlices, _ counts: [Int], _ body: (SliceStore) throws -> Void
  ) throws {
    let folder = TemporaryFolder(inMemory: true)
    let path = folder / "slices.zarr"
    let attributes = SliceStoreAttributes(
      channels: 1, height: slices.height, width: slices.width, scaleFactor: 0.5, addOffset: -3,
      labelNames: [1: "front", 2: "back"])
    let writer = try SliceStoreWriter(path, attributes: attributes)
    var split: [String: SplitPart] = [:]
    var first = 0
    for (volume, count) in counts.enumerated() {
      let own = Array(slices.slices[first..<first + count])
      first += count
      split["p\(volume)"] = volume == 0 ? .test : .train
      try writer.append(
        record(volume, slices, count), slices: own.flatMap(\.pixels),
        labels: volume == 2 ? nil : own.flatMap { $0.label ?? [UInt8](repeating: 255, count: 120) })
    }
    try writer.finish(split: split)
    try withExtendedLifetime(folder) { try body(SliceStore(path)) }
  }

  private func record(_ volume: Int, _ slices: MemorySlices, _ count: Int) -> SliceVolumeRecord {
    let affine = Affine(x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 2.5], origin: [0, 0, 0])
    let grid = Grid(size: [slices.width, slices.height, count], affine: affine)
    return SliceVolumeRecord(
      id: "v\(volume)", patient: "p\(volume)", source: grid, canvas: grid, sliceAxis: 2,
      intensity: [ChannelIntensity(lower: 0, upper: 1, shift: 0, scale: 1)])
  }

  @Test func aStoreGivesTheBatchesOfTheSameSlicesInMemory() throws {
    let counts = [5, 7, 6]
    var memory = source(counts)
    (memory.scale, memory.offset) = (0.5, -3)
    try withStore(memory, counts) { store in
      #expect(Array(store.slices(ofVolumes: store.split(.train))) == Array(5..<18))
      for threads in 0...3 {
        let (a, b) = try (
          CropPairBatches(store, recipe: smallCrops, batchSize: 3, seed: 9, threads: threads),
          CropPairBatches(memory, recipe: smallCrops, batchSize: 3, seed: 9, threads: 0)
        )
        for _ in 0..<8 { #expect(try a.next() == b.next()) }
      }
    }
  }

  @Test(arguments: [true, false])
  func locksAreTakenForABatchAndNotForASlice(makingViews: Bool) throws {
    let counts = [9, 8, 7, 10, 9, 8]
    try withStore(source(counts), counts) { store in
      func locks(_ batchSize: Int) throws -> Int {
        let stream = try CropPairBatches(
          store, recipe: smallCrops, makingViews: makingViews, batchSize: batchSize, seed: 1,
          threads: 0)
        _ = try stream.next()
        let before = counted_locks()
        _ = try stream.next()
        return counted_locks() - before
      }
      _ = try locks(16)  // every shard is open, every type is known
      let (few, many) = try (locks(2), locks(16))
      #expect(few == many && few > 0)
    }
  }

  @Test func onlyLabelledVolumesAreUsedForFineTuning() throws {
    let counts = [5, 7, 6]
    try withStore(source(counts), counts) { store in
      let stream = try LabelledBatches(store, recipe: LabelledRecipe(), batchSize: 4, seed: 1)
      #expect(stream.stepsPerEpoch == 3)
      let seen = try (0..<3).flatMap { _ in try stream.next().slices }
      #expect(seen.sorted() == Array(0..<12))
      var unlabelled = VolumeBatches(store, volume: 2, batchSize: 10)
      let batch = try #require(try unlabelled.next())
      #expect(batch.count == 6 && batch.weights.allSatisfy { $0 == 0 })
      #expect(batch.labels.allSatisfy { $0 == 255 })
      #expect(batch.positions == (0..<6).map { Float($0) * 2.5 })
    }
  }

  @Test func aDamagedShardIsABadSlice() throws {
    let counts = [5, 7, 6]
    try withStore(source(counts), counts) { store in
      let shard = store.path + "/image/c/0/0/0/0"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: shard))
      bytes[40] ^= 1  // in the first slice
      try bytes.write(to: URL(fileURLWithPath: shard))
      let damaged = try SliceStore(store.path)
      let stream = try CropPairBatches(
        damaged, recipe: smallCrops, batchSize: 6, seed: 1, threads: 2, onBadSlice: .replace)
      for _ in 0..<6 { #expect(try !stream.next().slices.contains(0)) }
      #expect(stream.badSlices.map(\.slice) == [0])
    }
  }
}
