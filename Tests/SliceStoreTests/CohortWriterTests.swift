import Foundation
import Imaging
import SliceStore
import TestFolders
import Testing
import Zarr

@Suite struct CohortWriterTests {
  let folder: TemporaryFolder
  let samples = CohortSamples()
  init() throws { folder = TemporaryFolder(inMemory: true) }

  func undisturbed() throws -> [String: [UInt8]] {
    let path = folder.path + "/undisturbed.zarr"
    if !FileManager.default.fileExists(atPath: path) { try samples.write(path) }
    return try contents(path)
  }

  func resume(_ path: String) throws {
    let writer = try CohortWriter(path, shardBytes: 1200)
    for id in samples.ids where !writer.contains(id) { try samples.add(id, to: writer) }
    try writer.finish()
  }

  @Test(arguments: 0...4)
  func aWriterKilledBetweenVolumesIsTakenUp(after: Int) throws {
    let path = folder.path + "/killed.zarr"
    do {
      let writer = try CohortWriter(path, shardBytes: 1200)
      for id in samples.ids.prefix(after) { try samples.add(id, to: writer) }
    }
    try resume(path)
    #expect(try contents(path) == undisturbed())
  }

  /// A kill in the middle of a volume leaves part of its draft: every file of it in turn.
  @Test func aWriterKilledInsideAVolumeIsTakenUp() throws {
    let expected = try undisturbed()
    let draft = expected.filter { $0.key.hasPrefix("volumes/c.2") }
      .sorted { $0.key < $1.key }
    for written in 0...draft.count {
      let path = folder.path + "/killed-\(written).zarr"
      do {
        let writer = try CohortWriter(path, shardBytes: 1200)
        try samples.add("a", to: writer)
      }
      for (name, bytes) in draft.prefix(written) {
        let file = path + "/.writing/" + name.dropFirst("volumes/".count)
        let isFolder = draft.contains { $0.key.hasPrefix(name + "/") }
        let parent = isFolder ? file : String(file[..<file.lastIndex(of: "/")!])
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        if isFolder { continue }
        try Data(bytes.prefix(bytes.count / 2)).write(to: URL(fileURLWithPath: file))
      }
      try resume(path)
      #expect(try contents(path) == expected)
    }
  }

  /// A kill while the store is finished: the files written so far, the last of them torn off.
  @Test(arguments: ["volumes/zarr.json", "slices.index", "manifest", "zarr.json"])
  func aWriterKilledWhileItFinishesIsTakenUp(missing: String) throws {
    let path = folder.path + "/killed.zarr"
    try samples.write(path)
    let order = ["volumes/zarr.json", "slices.index", "manifest", "zarr.json"]
    for name in order[order.firstIndex(of: missing)!...] {
      try FileManager.default.removeItem(atPath: path + "/" + name)
    }
    let torn = missing.replacingOccurrences(of: "zarr.json", with: ".zarr.json.tmp")
    try Data([1, 2]).write(to: URL(fileURLWithPath: path + "/" + torn))
    try resume(path)
    #expect(try contents(path) == undisturbed())
  }

  @Test func theOrderOfVolumesDoesNotMatter() throws {
    let path = folder.path + "/reversed.zarr"
    let writer = try CohortWriter(path, shardBytes: 1200)
    for id in samples.ids.reversed() { try samples.add(id, to: writer) }
    try writer.finish()
    #expect(try contents(path) == undisturbed())
  }

  @Test func volumesMayComeFromSeveralThreads() async throws {
    let path = folder.path + "/threads.zarr"
    let writer = try CohortWriter(path, shardBytes: 1200)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for id in samples.ids { group.addTask { try CohortSamples().add(id, to: writer) } }
      try await group.waitForAll()
    }
    try writer.finish()
    #expect(try contents(path) == undisturbed())
  }

  @Test func aRemovedPatientLeavesTheStoreOfTheOthers() throws {
    let path = folder.path + "/removed.zarr"
    try samples.write(path)
    let writer = try CohortWriter(path, shardBytes: 1200)
    #expect(try writer.remove(patient: "p1") == ["a", "d_3"])
    #expect(throws: StoreError.incomplete(path: path)) { try CohortStore(path) }
    try writer.finish()
    let others = folder.path + "/others.zarr"
    let second = try CohortWriter(others, shardBytes: 1200)
    for id in ["b-1", "c.2"] { try samples.add(id, to: second) }
    try second.finish()
    #expect(try contents(path) == contents(others))
    #expect(try verify(path).isSound)
  }

  @Test func onlyOneWriterAtATime() throws {
    let path = folder.path + "/busy.zarr"
    let writer = try CohortWriter(path)
    #expect(throws: StoreError.busy(path: path)) { try CohortWriter(path) }
    withExtendedLifetime(writer) {}
  }

  @Test func aVolumeIsTakenOnce() throws {
    let path = folder.path + "/twice.zarr"
    let writer = try CohortWriter(path)
    try samples.add("a", to: writer)
    #expect(throws: StoreError.duplicate(path: path, volume: "a")) {
      try samples.add("a", to: writer)
    }
  }

  @Test(arguments: ["", "..", "a/b", "__a", "é", String(repeating: "a", count: 33), ".x", "a b"])
  func namesThatCannotBeFoldersAreRefused(name: String) throws {
    let volume = sample()
    let writer = try CohortWriter(folder.path + "/names.zarr")
    #expect(throws: StoreError.name(name)) {
      try writer.add(volume: volume, record: record(name, of: volume))
    }
    #expect(throws: StoreError.name(name)) {
      try writer.add(
        volume: volume, record: record("v", of: volume), labels: [(name, mask(on: volume))])
    }
  }

  @Test func aMaskOnAnotherGridIsRefused() throws {
    let volume = sample()
    let other = mask(on: sample(size: SIMD3(3, 3, 3)))
    let writer = try CohortWriter(folder.path + "/grid.zarr")
    #expect(throws: StoreError.self) {
      try writer.add(volume: volume, record: record("v", of: volume), labels: [("m", other)])
    }
    #expect(writer.ids.isEmpty)
  }
}
