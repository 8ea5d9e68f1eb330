import Cohort
import DICOM
import Foundation
import SliceStore
import TestFolders
import Testing

/// One entry of a tar file, by POSIX.1-1988 (ustar).
private struct Entry {
  var name: String
  var bytes: [UInt8] = []
  var type: Character = "0"
  var link = ""

  var tar: [UInt8] {
    var head = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ at: Int) {
      for (place, byte) in text.utf8.enumerated() { head[at + place] = byte }
    }
    put(name, 0)
    put("0000777", 100)
    put("0000000", 108)
    put("0000000", 116)
    put(
      String(repeating: "0", count: 11 - String(bytes.count, radix: 8).count)
        + String(bytes.count, radix: 8), 124)
    put("00000000000", 136)
    put("        ", 148)
    put(String(type), 156)
    put(link, 157)
    put("ustar", 257)
    put("00", 263)
    let sum = String(head.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", 148)
    return head + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
  }
}

private func tar(_ entries: [Entry]) -> [UInt8] {
  entries.flatMap(\.tar) + [UInt8](repeating: 0, count: 1024)
}

/// The files of a sample series, as entries below `folder`.
private func series(_ folder: String, patient: String = "PAT-1", uid: String = "1.2.3") throws
  -> [Entry]
{
  let disk = TemporaryFolder()
  return try SampleSeries(patientID: patient, study: uid, series: uid + ".1")
    .write(to: disk / "s").enumerated().map { place, path in
      Entry(
        name: "\(folder)/IM\(place)",
        bytes: [UInt8](try #require(FileManager.default.contents(atPath: path))))
    }
}

/// Fault 28 of the catalogue, and archives that are none.
@Suite struct ArchivesTests {
  private func ingest(
    _ folder: TemporaryFolder, _ change: (inout IngestRecipe) -> Void = { _ in }
  ) throws -> IngestReport {
    var recipe = IngestRecipe()
    change(&recipe)
    return try Ingest.run(
      [folder / "d"], into: folder / "c.zarr", recipe: recipe, launch: inProcess)
  }

  @Test func anArchiveThatEndedAStrictRunIsUnpackedAgain() throws {
    let folder = TemporaryFolder()
    let link = Entry(name: "link", type: "2", link: "/etc/passwd")
    try folder.write(tar([link] + series("s")), to: "d/a.tar")
    #expect(throws: CohortError.self) { try ingest(folder) { $0.strict = true } }
    #expect(try ingest(folder).taken == 1)
  }

  @Test func membersAreFilesLikeAnyOther() throws {
    let folder = TemporaryFolder()
    try folder.write(tar(try series("in/side")), to: "d/a.tar")
    try SampleSeries(patientID: "P2", study: "9", series: "9.1").write(to: folder / "d/s")
    let report = try ingest(folder)
    #expect(report.volumes.count == 2 && !report.isPartial)
    #expect(report.volumes.contains { $0.name == folder / "d/a.tar!in/side" })
    #expect(!FileManager.default.fileExists(atPath: folder / "c.unpacked"))
    let list = try CohortList(folder / "c.zarr").filtered(by: ["path~a.tar!in"])
    #expect(list.entries.map(\.identity?.patient) == ["PAT-1"])
  }

  @Test func anUnchangedArchiveIsNotUnpackedAgain() throws {
    let folder = TemporaryFolder()
    try folder.write(
      tar(try series("s") + [Entry(name: "../up", bytes: [1])]), to: "d/a.tar")
    try folder.write([UInt8](0..<32), to: "key")
    let first = try ingest(folder) { $0.key = folder / "key" }
    #expect(first.volumes.map(\.outcome) == [.taken])
    let before = tree(folder / "c.zarr")
    // Nothing may come out of an archive now, and nothing has to.
    let again = try ingest(folder) { $0.limits.archiveEntries = 0 }
    #expect(again.volumes.map(\.outcome) == [.known])
    #expect(again.refusals.map(\.code) == [.archiveEntry])
    #expect(tree(folder / "c.zarr") == before)
  }

  @Test func aVolumeThatIsMissingIsUnpackedAfterAll() throws {
    let folder = TemporaryFolder()
    try folder.write(tar(try series("s")), to: "d/a.tar")
    let first = try ingest(folder)
    do {
      let writer = try CohortWriter(folder / "c.zarr")
      try writer.remove(volume: first.volumes[0].id)
      try writer.finish()
    }
    #expect(try ingest(folder).volumes.map(\.id) == first.volumes.map(\.id))
    #expect(try CohortStore(folder / "c.zarr").ids.count == 1)
  }

  @Test func aChangedArchiveIsUnpackedAgain() throws {
    let folder = TemporaryFolder()
    try folder.write(tar(try series("s")), to: "d/a.tar")
    _ = try ingest(folder)
    try folder.write(
      tar(try series("s") + series("t", patient: "P2", uid: "5.6")), to: "d/a.tar")
    #expect(
      try ingest(folder).volumes.compactMap(\.outcome?.rawValue).sorted() == ["known", "taken"])
  }

  @Test func fault28NothingLeavesTheFolderAndNoLinkIsMade() throws {
    let folder = TemporaryFolder()
    let bad = [
      Entry(name: "../../escaped", bytes: [1]), Entry(name: "/tmp/lamina-escaped", bytes: [1]),
      Entry(name: "a/../../b", bytes: [1]), Entry(name: "link", type: "2", link: "/etc/passwd"),
      Entry(name: "hard", type: "1", link: "s/IM0"), Entry(name: "pipe", type: "6"),
      Entry(name: String(repeating: "n", count: 99) + "/..", bytes: [1]),
    ]
    try folder.write(tar(bad + (try series("s"))), to: "d/a.tar")
    let report = try ingest(folder)
    #expect(report.volumes.count == 1)
    #expect(report.refusals.map(\.code) == Array(repeating: .archiveEntry, count: bad.count))
    #expect(report.refusals.allSatisfy { $0.name.hasPrefix(folder / "d/a.tar!") })
    for path in [folder / "escaped", folder / "b", "/tmp/lamina-escaped"] {
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func fault28WhatUnpacksToTooMuchIsRefusedWhole() throws {
    let folder = TemporaryFolder()
    let entries = try series("s")
    try folder.write(tar(entries), to: "d/a.tar")
    let bytes = try ingest(folder) { $0.limits.archiveBytes = 1000 }
    #expect(bytes.refusals.map(\.code) == [.limit] && bytes.volumes.isEmpty)
    let count = try ingest(folder) { $0.limits.archiveEntries = 3 }
    #expect(count.refusals.map(\.code) == [.limit])
    #expect(count.refusals.map(\.name) == [folder / "d/a.tar"])
    #expect(try ingest(folder).volumes.count == 1)
  }

  @Test func archivesInsideArchivesStayShut() throws {
    let folder = TemporaryFolder()
    let inner = tar(try series("s"))
    try folder.write(tar([Entry(name: "inner.tar", bytes: inner)]), to: "d/a.tar")
    let report = try ingest(folder)
    #expect(report.refusals.map(\.code) == [.archiveNested] && report.volumes.isEmpty)
    #expect(report.refusals.map(\.name) == [folder / "d/a.tar!inner.tar"])
  }

  @Test func aTornArchiveIsRefusedByName() throws {
    let folder = TemporaryFolder()
    try folder.write(Array(tar(try series("s")).prefix(1800)), to: "d/a.tar")
    let report = try ingest(folder)
    #expect(report.refusals.map(\.code) == [.damaged] && report.volumes.isEmpty)
  }

  @Test func whatAKilledRunHasUnpackedIsRemovedByTheNext() throws {
    let folder = TemporaryFolder()
    try folder.write("somebody", to: "c.unpacked/0123/name")
    try SampleSeries().write(to: folder / "d/s")
    _ = try ingest(folder)
    #expect(!FileManager.default.fileExists(atPath: folder / "c.unpacked"))
  }

  @Test func whatIsUnpackedIsPrivate() throws {
    let folder = TemporaryFolder()
    try folder.write(tar(try series("s")), to: "d/a.tar")
    let modes = Modes()
    let base = folder / "c.unpacked"
    _ = try Ingest.run([folder / "d"], into: folder / "c.zarr", launch: inProcess) { progress in
      guard progress.phase == .scanning else { return }
      for below in FileManager.default.subpaths(atPath: base) ?? [] {
        modes.add(base + "/" + below)
      }
      modes.add(base)
    }
    #expect(modes.found.count >= 6)
    #expect(modes.found.allSatisfy { $0 == 0o700 || $0 == 0o600 })
  }
}

/// Modes of files, seen from another thread.
private final class Modes: @unchecked Sendable {  // only touched under the lock
  private let lock = NSLock()
  private var modes: [UInt32] = []
  var found: [UInt32] { lock.withLock { modes } }

  func add(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    lock.withLock { modes.append(status.st_mode & 0o777) }
  }
}
