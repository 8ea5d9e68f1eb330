import Loader
import Testing

@Suite struct VolumeBatchesTests {
  @Test func aVolumeComesWholeAndInOrder() throws {
    let slices = source([5, 11, 6])
    var batches = VolumeBatches(slices, volume: 1, batchSize: 4)
    var seen: [LabelledBatch] = []
    while let batch = try batches.next() { seen.append(batch) }
    #expect(seen.map(\.count) == [4, 4, 3])
    #expect(seen.flatMap(\.slices) == Array(5..<16))
    #expect(
      seen.flatMap(\.images) == (5..<16).flatMap { slices.slices[$0].pixels.map { Float($0) } })
    #expect(
      seen.flatMap(\.labels)
        == (5..<16).flatMap { slices.slices[$0].label ?? [UInt8](repeating: 255, count: 120) })
    #expect(seen.flatMap(\.weights) == (5..<16).map { $0 % 3 == 0 ? 1 : 0 })
  }

  @Test func aSliceThatCannotBeReadStopsIt() throws {
    let damaged = Damaged(whole: source([6]), bad: [5])
    var batches = VolumeBatches(damaged, volume: 0, batchSize: 4)
    #expect(try batches.next()?.count == 4)
    #expect(throws: LoaderError.badSlice(slice: 5, reason: "checksum differs")) {
      try batches.next()
    }
  }
}
