import CCounting
import Foundation
import Imaging
import SliceStore
import TestFolders
import Testing
import Zarr

@Suite struct SliceStoreReadingTests {
  let folder: TemporaryFolder
  let samples = SliceSamples()
  let path: String
  init() throws {
    folder = TemporaryFolder(inMemory: true)
    path = folder.path + "/slices.zarr"
  }

  func image(_ store: SliceStore, _ n: Int) throws -> [Int16] {
    var pixels = [Int16](repeating: 0, count: store.attributes.sliceCount)
    try pixels.withUnsafeMutableBufferPointer { try store.readImage(n, into: $0) }
    return pixels
  }

  func label(_ store: SliceStore, _ n: Int) throws -> (Bool, [UInt8]) {
    var classes = [UInt8](repeating: 9, count: 48)
    let found = try classes.withUnsafeMutableBufferPointer { try store.readLabel(n, into: $0) }
    return (found, classes)
  }

  @Test(arguments: [0, 1 << 20]) func everySliceComesBack(mapped: Int) throws {
    let digest = try samples.write(path)
    let store = try SliceStore(path, mappedIndex: mapped)
    #expect(store.digest == digest)
    #expect(store.attributes == samples.attributes)
    #expect(store.volumes.count == samples.count)
    var n = 0
    for (v, volume) in store.volumes.enumerated() {
      #expect(volume.firstSlice == n && volume.hasLabel == (v % 2 == 0))
      for k in 0..<volume.sliceCount {
        #expect(try image(store, n) == Array(samples.slices(v)[k * 96..<(k + 1) * 96]))
        let (found, classes) = try label(store, n)
        #expect(found == (v % 2 == 0))
        let expected = samples.labels(v).map { Array($0[k * 48..<(k + 1) * 48]) }
        #expect(classes == expected ?? [UInt8](repeating: 255, count: 48))
        let entry = store.entry(n)
        #expect((entry.volume, entry.index, entry.hasLabel) == (v, k, v % 2 == 0))
        #expect(abs(Double(entry.position) - volume.canvas.position(ofSlice: k)) < 1e-4)
        n += 1
      }
    }
    #expect(store.count == n)
  }

  @Test func aStorePackedToBeReadFastHoldsTheSame() throws {
    var fast = samples
    fast.attributes.packing = .fast
    try samples.write(path)
    try fast.write(path + "-fast")
    let (one, other) = (try SliceStore(path), try SliceStore(path + "-fast"))
    #expect(other.attributes.packing == .fast && one.attributes.packing == nil)
    for n in 0..<one.count { #expect(try image(one, n) == image(other, n)) }
    #expect(throws: StoreError.otherSettings(path: path)) { try fast.write(path) }
  }

  /// What one pass over a store asks of the thread that makes it, once another has been made.
  @Test(arguments: [0, 1 << 20]) func readingGoesOnWithoutAnAllocationAndWithoutALock(mapped: Int)
    throws
  {
    try samples.write(path)
    let store = try SliceStore(path, mappedIndex: mapped)
    let pixels = UnsafeMutableBufferPointer<Int16>.allocate(capacity: store.attributes.sliceCount)
    let classes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 48)
    defer { pixels.deallocate() }
    defer { classes.deallocate() }
    let all = Array(0..<store.count)
    func pass() throws -> Int {
      store.willRead(all)
      var labelled = 0
      for n in 0..<all.count {
        try store.readImage(n, into: pixels)
        if try store.readLabel(n, into: classes), store.entry(n).hasLabel { labelled += 1 }
      }
      return labelled
    }
    let seen = try pass()
    let before = (counted_allocations(), counted_locks())
    let again = try pass()
    let locks = counted_locks() - before.1
    #expect(seen == again && seen > 0)
    #expect(before.0 > 0 && before.1 > 0, "what is counted is seen")
    #expect(locks == 0)
    #if !DEBUG  // unoptimised code boxes what it hands on
      let start = counted_allocations()
      for n in 0..<all.count { try store.readImage(n, into: pixels) }
      let allocated = counted_allocations() - start
      #expect(allocated == 0)
    #endif
  }

  @Test func recordsOfVolumesComeBack() throws {
    try samples.write(path)
    for (v, volume) in try SliceStore(path).volumes.enumerated() {
      var expected = samples.record(v)
      (expected.firstSlice, expected.hasLabel) = (volume.firstSlice, volume.hasLabel)
      #expect(volume == expected)
    }
  }

  @Test func sevenChannelsHaveRoom() throws {
    let attributes = SliceStoreAttributes(channels: 7, height: 4, width: 5)
    let writer = try SliceStoreWriter(path, attributes: attributes)
    var record = samples.record(0)
    record.canvas.size = SIMD3(5, 4, 2)
    record.intensity = (0..<7).map {
      ChannelIntensity(lower: 0, upper: 1, shift: Double($0), scale: 1)
    }
    let slices = noise(2 * 7 * 20).map { Int16($0) }
    try writer.append(record, slices: slices)
    try writer.finish(split: ["p0": .train])
    let store = try SliceStore(path)
    #expect(store.volumes[0].intensity == record.intensity)
    #expect(try image(store, 1) == Array(slices[140...]))
    #expect(!FileManager.default.fileExists(atPath: path + "/label"))
  }

  @Test func severalThreadsReadTheSame() async throws {
    try samples.write(path)
    let store = try SliceStore(path)
    let expected = try (0..<store.count).map { try image(store, $0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for seed in 1...8 {
        group.addTask { () throws in
          for i in 0..<200 {
            let n = (i * 7 + seed * 5) % store.count
            let pixels = try image(store, n)
            #expect(pixels == expected[n])
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func theSplitIsReadAndReplacedWithoutTouchingAShard() throws {
    try samples.write(path)
    let store = try SliceStore(path)
    #expect(store.split(.train) == [0, 1])
    #expect(store.split(.validation) == [2, 3])
    #expect(store.split(.test) == [4, 5])
    let before = try contents(path)
    try SliceStore.replaceSplit(at: path, with: ["p0": .test, "p1": .train, "p2": .train])
    #expect(try SliceStore(path).split(.train) == [2, 3, 4, 5])
    let changed = try contents(path).filter { before[$0.key] != $0.value }
    #expect(Set(changed.keys) == ["manifest", "split.tsv"])
    #expect(try verify(path).isSound)
    #expect(throws: StoreError.split(patient: "p1")) {
      try SliceStore.replaceSplit(at: path, with: ["p0": .test, "p2": .train])
    }
  }

  @Test func aPatientInTwoPartsIsRefused() throws {
    try samples.write(path)
    let file = path + "/split.tsv"
    let text = String(decoding: try readFile(file), as: UTF8.self)
    let torn = text.replacingOccurrences(of: "v1\tp0\ttrain", with: "v1\tp0\ttest")
    try Data(torn.utf8).write(to: URL(fileURLWithPath: file))
    #expect(throws: StoreError.split(patient: "p0")) { try SliceStore(path) }
  }

  @Test func aFlippedBitInAChunkNamesTheShardAndTheSlice() throws {
    try samples.write(path)
    let shard = path + "/image/c/1/0/0/0"
    try flipBit(of: shard, at: 40)
    let store = try SliceStore(path)
    #expect {
      try image(store, 4)
    } throws: {
      guard case ZarrError.corrupt(shard, let reason) = $0 else { return false }
      return reason.contains("slice 4")
    }
    #expect(try image(store, 0).count == 96)
  }

  @Test(arguments: [0, 1 << 20]) func aFlippedBitInTheFlatIndexCostsOneSliceAndNoTimeAtOpening(
    mapped: Int
  ) throws {
    try samples.write(path)
    let whole = try SliceStore(path, mappedIndex: mapped)
    let file = path + "/slices.index"
    for at in 0..<48 {
      let good = try Data(contentsOf: URL(fileURLWithPath: file))
      try flipBit(of: file, at: 64 + 7 * 48 + at)
      let store = try SliceStore(path, mappedIndex: mapped)
      #expect(throws: StoreError.damaged(path: file, reason: "the record of slice 7 is wrong")) {
        try image(store, 7)
      }
      // Who it belongs to is known all the same, from the record of the volume.
      #expect(store.entry(7) == whole.entry(7))
      #expect(try image(store, 6) == image(whole, 6))
      try good.write(to: URL(fileURLWithPath: file))
    }
  }

  /// Sides of the source, then of the canvas.
  @Test(arguments: [(64, 0), (72, UInt32.max), (76, 9), (80, UInt32.max)])
  func aVolumeOfImpossibleSizeIsRefusedThoughItsChecksumFits(at: Int, side: UInt32) throws {
    try samples.write(path)
    let file = path + "/volumes.index"
    var bytes = try readFile(file)
    let record = 64..<64 + 312 + 32 * samples.attributes.channels
    func put(_ number: UInt32, _ at: Int) {
      withUnsafeBytes(of: number.littleEndian) { bytes.replaceSubrange(at..<at + 4, with: $0) }
    }
    put(side, record.lowerBound + at)
    put(CRC32C.checksum(Array(bytes[record].dropLast(4))), record.upperBound - 4)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    #expect(throws: StoreError.damaged(path: file, reason: "record 0 is wrong")) {
      try SliceStore(path)
    }
  }

  @Test func whatIsAboutToBeReadMayBeSaidBeforehand() throws {
    try samples.write(path)
    let store = try SliceStore(path)
    store.willRead([3, 24, 0])
    #expect(try image(store, 24) == Array(samples.slices(5).suffix(96)))
    try FileManager.default.removeItem(atPath: path + "/image/c/0/0/0/0")
    let again = try SliceStore(path)
    again.willRead([0])
    #expect(throws: ZarrError.missing(path: path + "/image/c/0/0/0/0")) { try image(again, 0) }
  }

  @Test func storesOfAnotherKindAreRefused() throws {
    try samples.write(path)
    #expect(throws: StoreError.format(path: path, found: "a slices store of format 2")) {
      try CohortStore(path)
    }
    #expect(throws: StoreError.incomplete(path: folder.path)) { try SliceStore(folder.path) }
  }
}
