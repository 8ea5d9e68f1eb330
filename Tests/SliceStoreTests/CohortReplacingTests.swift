import Foundation
import SliceStore
import TestFolders
import Testing
import Zarr

@Suite struct CohortReplacingTests {
  let folder: TemporaryFolder
  let samples = CohortSamples()
  init() throws { folder = TemporaryFolder(inMemory: true) }

  private func replace(_ id: String, in writer: CohortWriter) throws {
    let volume = samples.volume(id)
    let old = try writer.record(id)
    try writer.add(
      volume: volume, record: record(id, patient: old.patient, of: volume),
      labels: [("drawn", mask(on: volume))], replacing: true)
  }

  /// The writers' drafts must not get in each other's way.
  @Test func volumesReplacedFromSeveralThreadsAreAllThere() throws {
    let path = folder.path + "/threads.zarr"
    try samples.write(path)
    let writer = try CohortWriter(path, shardBytes: 1200)
    let failures = Failures()
    for _ in 0..<10 {
      DispatchQueue.concurrentPerform(iterations: samples.ids.count) { place in
        do { try replace(samples.ids[place], in: writer) } catch { failures.note("\(error)") }
      }
    }
    try writer.finish()
    #expect(failures.all.isEmpty)
    let store = try CohortStore(path)
    #expect(store.ids == samples.ids)
    #expect(try store.volumes.allSatisfy { $0.labels.map(\.name) == ["drawn"] })
    #expect(try verify(path).isSound)
  }

  @Test func aReplacementThatWasCutShortLeavesTheOldVolume() throws {
    let path = folder.path + "/cut.zarr"
    try samples.write(path)
    let whole = try contents(path)
    // What a process leaves that dies between moving the old volume away and the new one in.
    try FileManager.default.removeItem(atPath: path + "/zarr.json")
    try FileManager.default.createDirectory(
      atPath: path + "/.replaced", withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      atPath: path + "/volumes/a", toPath: path + "/.replaced/a")
    try CohortWriter(path, shardBytes: 1200).finish()
    #expect(try contents(path) == whole)
  }
}

/// Sentences gathered from several threads.
private final class Failures: @unchecked Sendable {  // all state under the lock
  private let lock = NSLock()
  private var sentences: [String] = []
  var all: [String] { lock.withLock { sentences } }
  func note(_ sentence: String) { lock.withLock { sentences.append(sentence) } }
}
