import Cohort
import Foundation
import TestFolders
import Testing

@Suite struct LedgerTests {
  @Test func onlyItsOwnerMayReadIt() throws {
    let folder = TemporaryFolder()
    let path = Ledger.path(of: folder / "c.zarr/")
    #expect(path == folder / "c.ledger.sqlite")
    _ = try Ledger(path).key(from: nil)
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test func theKeyIsMadeOnceAndAnotherIsRefused() throws {
    let folder = TemporaryFolder()
    let ledger = try Ledger(folder / "l.sqlite")
    let key = try ledger.key(from: nil)
    #expect(key.count == 32)
    #expect(try ledger.key(from: nil) == key)
    #expect(try Ledger(nil).key(from: nil) != key)
    let other = try folder.write("0123456789abcdef0123456789abcdef", to: "key")
    #expect(throws: CohortError.self) { try ledger.key(from: other) }
  }

  @Test func aKeyFileHoldsBytesOrHexadecimal() throws {
    let folder = TemporaryFolder()
    let hex = try folder.write("000102030405060708090a0b0c0d0e0f\n", to: "hex")
    #expect(try Ledger.readKey(hex) == [UInt8](0..<16))
    let raw = try folder.write([UInt8](200..<232), to: "raw")
    #expect(try Ledger.readKey(raw) == [UInt8](200..<232))
    let short = try folder.write("secret", to: "short")
    #expect(throws: CohortError.self) { try Ledger.readKey(short) }
    #expect(throws: CohortError.self) { try Ledger.readKey(folder / "none") }
  }

  @Test func aLinkIsNotFollowedAndAFolderIsNone() throws {
    let folder = TemporaryFolder()
    _ = try Ledger(folder / "l.sqlite")
    try FileManager.default.createSymbolicLink(
      atPath: folder / "link", withDestinationPath: folder / "l.sqlite")
    #expect(throws: CohortError.self) { try Ledger(folder / "link") }
    #expect(throws: CohortError.self) { try Ledger(folder.path) }
    chmod(folder / "l.sqlite", 0o644)
    _ = try Ledger(folder / "l.sqlite")
    var status = stat()
    #expect(stat(folder / "l.sqlite", &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test func aFileThatIsNoLedgerIsRefusedInASentence() throws {
    let folder = TemporaryFolder()
    let path = try folder.write(String(repeating: "not a database ", count: 100), to: "l.sqlite")
    #expect(throws: CohortError.self) { try Ledger(path) }
  }

  @Test func aFileWaitsUntilItIsKnownAndAgainWhenItHasChanged() throws {
    let ledger = try Ledger(nil)
    var file = FoundFile(path: "/a", relative: "a", size: 10, modified: 5)
    try ledger.sight([(file, .dicom)], as: .image, run: 1)
    let waiting = try ledger.waiting(after: "", limit: 9)
    #expect(waiting.map(\.path) == ["/a"])
    try ledger.keep([Finding(waiting[0], .refused(Fault(.malformed, "why")))])
    try ledger.sight([(file, .dicom)], as: .image, run: 2)
    #expect(try ledger.waiting(after: "", limit: 9).isEmpty)
    file.modified = 6
    try ledger.sight([(file, .dicom)], as: .image, run: 3)
    #expect(try ledger.waiting(after: "", limit: 9).map(\.path) == ["/a"])
  }

  @Test func imagesAreCountedByAnIndexAlsoInALedgerThatHadAnother() throws {
    let folder = TemporaryFolder()
    let path = folder / "l.sqlite"
    try Ledger(path).execute(
      "DROP INDEX images_by_series; CREATE INDEX files_by_series ON files(series, run)")
    let indices = try Ledger(path).rows("SELECT name FROM sqlite_schema WHERE type = 'index'")
    #expect(indices.contains("name=\"images_by_series\""))
    #expect(!indices.contains("name=\"files_by_series\""))
  }

  @Test func whatIsGatheredIsReadAtOnceAndByOthersAfterItsEnd() throws {
    let folder = TemporaryFolder()
    let ledger = try Ledger(folder / "l.sqlite")
    ledger.gather()
    for run in 1...3 {
      let file = FoundFile(path: "/\(run)", relative: "", size: 1, modified: 1)
      try ledger.sight([(file, .dicom)], as: .image, run: run)
    }
    #expect(try ledger.waiting(after: "", limit: 9).count == 3)
    // It can be opened meanwhile, and has what was there before.
    let other = try Ledger(folder / "l.sqlite")
    #expect(try other.waiting(after: "", limit: 9).isEmpty)
    ledger.commit()
    #expect(try ledger.waiting(after: "", limit: 9).count == 3)
    #expect(try other.waiting(after: "", limit: 9).count == 3)
  }

  /// POSIX ends all locks that a process has of a file when it closes the file, whoever opened it.
  @Test(.enabled(if: FileManager.default.isReadableFile(atPath: "/proc/locks")))
  func itsLocksOutlastAWalkAndWhoeverOpensIt() throws {
    let folder = TemporaryFolder()
    let ledger = try Ledger(folder / "l.ledger.sqlite")
    ledger.gather()
    try ledger.execute("INSERT INTO meta VALUES ('a', 1)")
    var status = stat()
    #expect(stat(folder / "l.ledger.sqlite", &status) == 0)
    func locks() throws -> Int {
      let all = FileManager.default.contents(atPath: "/proc/locks")
      return String(decoding: try #require(all), as: UTF8.self).split(separator: "\n")
        .count { $0.contains(":\(status.st_ino) ") }
    }
    let held = try locks()
    #expect(held > 0)
    var found = 0
    try Walk.through([folder.path]) { _ in found += 1 }
    #expect(found == 2)  // it and its journal
    _ = try Ledger(folder / "l.ledger.sqlite").rows("SELECT * FROM meta")
    #expect(try locks() == held)
  }

  @Test func whatIsGatheredEndsAfterSomeThousandRows() throws {
    let folder = TemporaryFolder()
    let ledger = try Ledger(folder / "l.sqlite")
    let other = try Ledger(folder / "l.sqlite")
    ledger.gather()
    for piece in 0..<5 {
      let files = (0..<1000).map {
        (FoundFile(path: "/\(piece)/\($0)", relative: "", size: 1, modified: 1), Sniff.dicom)
      }
      try ledger.sight(files, as: .image, run: 1)
    }
    #expect(try other.rows("SELECT COUNT(*) AS n FROM files") == ["n=5000"])
  }

  @Test func ofWhatIsGatheredOnlyTheWriteThatFailsIsUndone() throws {
    let ledger = try Ledger(nil)
    ledger.gather()
    try ledger.execute("INSERT INTO meta VALUES ('a', 1)")
    #expect(throws: CohortError.self) {
      try ledger.execute("INSERT INTO meta VALUES ('b', 1); INSERT INTO meta VALUES ('a', 2)")
    }
    ledger.commit()
    #expect(try ledger.rows("SELECT key, value FROM meta") == ["key=\"a\" value=1"])
  }

  @Test func everybodyIsToldOfATransactionThatFailed() throws {
    let ledger = try Ledger(nil)
    try ledger.execute(
      """
      CREATE TABLE one(x PRIMARY KEY);
      CREATE TABLE other(x REFERENCES one DEFERRABLE INITIALLY DEFERRED)
      """)
    ledger.gather()
    // It is found out at the end of the transaction alone.
    try ledger.execute("INSERT INTO other VALUES (1)")
    ledger.commit()
    ledger.gather()
    ledger.commit()
    for _ in 1...2 { #expect(throws: CohortError.self) { try ledger.rows("SELECT * FROM other") } }
  }

  @Test func noJournalIsLeftBesideIt() throws {
    let folder = TemporaryFolder()
    try Ledger(folder / "l.sqlite").execute("INSERT INTO meta VALUES ('a', 1)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["l.sqlite"])
  }

  @Test func aFullDiskIsSaidToBeFull() throws {
    let folder = TemporaryFolder()
    let ledger = try Ledger(folder / "l.sqlite")
    // Past that many pages SQLite says that the disk is full.
    try ledger.execute("PRAGMA max_page_count = 40")
    let files = (0..<5000).map {
      (FoundFile(path: "/scans/\($0)", relative: "\($0)", size: 1, modified: 1), Sniff.dicom)
    }
    do {
      try ledger.sight(files, as: .image, run: 1)
      Issue.record("the files fit")
    } catch let CohortError.unwritable(path, reason) {
      #expect(path == folder / "l.sqlite" && reason.contains("full"))
    }
  }

  @Test func aLedgerOfAnOlderLayoutKeepsItsKeyAndFindsItsFilesAnew() throws {
    let folder = TemporaryFolder()
    let key = try Ledger(folder / "l.sqlite").key(from: nil)
    try Ledger(folder / "l.sqlite").execute(
      "DROP TABLE files; CREATE TABLE files(path TEXT); PRAGMA user_version = 0")
    let ledger = try Ledger(folder / "l.sqlite")
    #expect(try ledger.key(from: nil) == key)
    #expect(try ledger.waiting(after: "", limit: 9).isEmpty)
  }
}
