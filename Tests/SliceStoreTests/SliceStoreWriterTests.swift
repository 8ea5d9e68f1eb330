import Foundation
import Imaging
import SliceStore
import TestFolders
import Testing
import Zarr

/// Writers that are killed at every stage and taken up: the bytes are those of an undisturbed run.
@Suite struct SliceStoreWriterTests {
  let folder: TemporaryFolder
  let samples = SliceSamples()
  init() throws { folder = TemporaryFolder(inMemory: true) }

  func undisturbed() throws -> [String: [UInt8]] {
    let path = folder.path + "/undisturbed.zarr"
    if !FileManager.default.fileExists(atPath: path) { try samples.write(path) }
    return try contents(path)
  }

  /// Volumes appended, then the writer let go without a word.
  func abandon(_ path: String, after count: Int) throws {
    let writer = try SliceStoreWriter(path, attributes: samples.attributes)
    for v in 0..<count { try samples.append(v, to: writer) }
  }

  @discardableResult
  func resume(_ path: String, skipping: Bool = true) throws -> Int {
    let writer = try SliceStoreWriter(path, attributes: samples.attributes)
    let kept = writer.volumeCount
    for v in 0..<samples.count where !skipping || !writer.contains("v\(v)") {
      try samples.append(v, to: writer)
    }
    try writer.finish(split: samples.split)
    return kept
  }

  @Test(arguments: 0...6, [true, false])
  func aKillBetweenVolumesIsTakenUp(after: Int, skipping: Bool) throws {
    let path = folder.path + "/killed.zarr"
    try abandon(path, after: after)
    let kept = try resume(path, skipping: skipping)
    #expect(try contents(path) == undisturbed())
    // Shards of four slices, volumes of 3, 4, 5, 6, 3, 4: those that lie wholly in whole shards.
    #expect(kept == [0, 0, 1, 3, 3, 4, 5][after])
  }

  @Test func aKillAfterAKillIsTakenUp() throws {
    let path = folder.path + "/killed.zarr"
    for after in [2, 3, 3, 5] { try abandon(path, after: after) }
    try resume(path)
    #expect(try contents(path) == undisturbed())
  }

  /// What a kill between two system calls can leave of the journal and of the shards.
  @Test(arguments: [
    "journal torn", "journal empty", "journal missing", "volumes torn", "volumes empty",
    "shard missing", "shard zero", "shard cut", "shard flipped", "label missing", "temporary",
  ])
  func aTornStoreIsTakenUp(damage: String) throws {
    let path = folder.path + "/killed.zarr"
    try abandon(path, after: 5)
    let (journal, volumes) = (path + "/.writing/shards", path + "/.writing/volumes")
    let (image, label) = (path + "/image/c/2/0/0/0", path + "/label/c/1/0/0")
    switch damage {
    case "journal torn": try truncate(journal, to: 100)
    case "journal empty": try truncate(journal, to: 0)
    case "journal missing": try FileManager.default.removeItem(atPath: journal)
    case "volumes torn": try truncate(volumes, to: 1000)
    case "volumes empty": try truncate(volumes, to: 0)
    case "shard missing": try FileManager.default.removeItem(atPath: image)
    case "shard zero": try truncate(image, to: 0)
    case "shard cut": try truncate(image, to: 50)
    case "shard flipped": try flipBit(of: image, at: 30)
    case "label missing": try FileManager.default.removeItem(atPath: label)
    default:
      let torn = path + "/image/c/5/0/0"
      try FileManager.default.createDirectory(atPath: torn, withIntermediateDirectories: true)
      try Data(noise(50)).write(to: URL(fileURLWithPath: torn + "/.0.tmp"))
    }
    try resume(path)
    #expect(try contents(path) == undisturbed())
  }

  @Test(arguments: [
    "image/zarr.json", "label/zarr.json", "slices.index", "volumes.index", "split.tsv", "manifest",
    "zarr.json",
  ])
  func aKillWhileFinishingIsTakenUp(missing: String) throws {
    let path = folder.path + "/killed.zarr"
    try abandon(path, after: 6)
    let order = [
      "image/zarr.json", "label/zarr.json", "slices.index", "volumes.index", "split.tsv",
      "manifest", "zarr.json",
    ]
    let whole = try undisturbed()
    // The last shard, not full, is in place but perhaps not in the journal.
    let written = order.prefix { $0 != missing }
    for name in ["image/c/6/0/0/0", "label/c/6/0/0"] + written {
      let file = path + "/" + name
      let parent = String(file[..<file.lastIndex(of: "/")!])
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      try Data(#require(whole[name])).write(to: URL(fileURLWithPath: file))
    }
    #expect(throws: StoreError.incomplete(path: path)) { try SliceStore(path) }
    try resume(path)
    #expect(try contents(path) == whole)
  }

  @Test func aKillBeforeTheLastSweepLeavesACompleteStore() throws {
    let path = folder.path + "/killed.zarr"
    try samples.write(path)
    let leftover = path + "/.writing"
    try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: true)
    #expect(try SliceStore(path).count == 25)
    let writer = try SliceStoreWriter(path, attributes: samples.attributes)
    #expect(writer.isComplete && writer.contains("v0"))
    #expect(try writer.finish(split: samples.split) == SliceStore(path).digest)
    #expect(try contents(path) == undisturbed())
  }

  @Test(arguments: [2, 3, 16])
  func severalThreadsWriteTheSame(threads: Int) throws {
    let path = folder.path + "/threads.zarr"
    let writer = try SliceStoreWriter(path, attributes: samples.attributes, threads: threads)
    for v in 0..<samples.count { try samples.append(v, to: writer) }
    try writer.finish(split: samples.split)
    #expect(try contents(path) == undisturbed())
  }

  @Test func otherSettingsAreNotTakenUp() throws {
    let path = folder.path + "/killed.zarr"
    try abandon(path, after: 2)
    var other = samples.attributes
    other.recipe = ["canvas": [6, 8]]
    #expect(throws: StoreError.otherSettings(path: path)) {
      try SliceStoreWriter(path, attributes: other)
    }
    try resume(path)
    #expect(throws: StoreError.otherSettings(path: path)) {
      try SliceStoreWriter(path, attributes: other)
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let path = folder.path + "/bad.zarr"
    let writer = try SliceStoreWriter(path, attributes: samples.attributes)
    let (record, slices) = (samples.record(0), samples.slices(0))
    #expect(throws: StoreError.self) { try writer.append(record, slices: slices.dropLast()) }
    #expect(throws: StoreError.self) { try writer.append(record, slices: slices, labels: [1]) }
    var other = record
    other.canvas.size.x = 9
    #expect(throws: StoreError.self) { try writer.append(other, slices: slices) }
    other = record
    other.patient = "a/b"
    #expect(throws: StoreError.name("a/b")) { try writer.append(other, slices: slices) }
    try writer.append(record, slices: slices)
    #expect(throws: StoreError.duplicate(path: path, volume: "v0")) {
      try writer.append(record, slices: slices)
    }
    #expect(throws: StoreError.split(patient: "p0")) { try writer.finish(split: [:]) }
  }
}
