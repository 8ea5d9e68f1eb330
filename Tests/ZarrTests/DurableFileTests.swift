import Foundation
import TestFolders
import Testing
import Zarr

@Suite struct DurableFileTests {
  let folder: TemporaryFolder
  init() throws { folder = TemporaryFolder(inMemory: true) }

  @Test func aFileThatIsNotCommittedLeavesNothing() throws {
    let path = folder.path + "/a"
    do {
      let file = try DurableFile(path)
      try file.write([1, 2, 3])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func theDigestIsThatOfTheFile() throws {
    let path = folder.path + "/a"
    let bytes = noise(100_000)
    let digest = try writeFile(bytes, to: path)
    #expect(digest == FileDigest(of: bytes))
    #expect(try OpenFile(path).digest() == digest)
    #expect(try readFile(path) == bytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
  }

  @Test func aLongFileWrittenInPiecesHoldsThemAll() throws {
    let piece = noise(700_001)
    let file = try DurableFile(folder.path + "/a")
    for _ in 0..<14 { try file.write(piece) }
    let digest = try file.commit()
    let whole = Array(repeating: piece, count: 14).flatMap { $0 }
    #expect(digest == FileDigest(of: whole))
    #expect(try readFile(folder.path + "/a") == whole)
  }

  @Test func whatAKilledWriterLeftIsWrittenOver() throws {
    let path = folder.path + "/a"
    try Data(noise(5000)).write(to: URL(fileURLWithPath: folder.path + "/.a.tmp"))
    try writeFile([1, 2], to: path)
    #expect(try readFile(path) == [1, 2])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
  }

  @Test func aFullDiskIsSaid() {
    let full = ZarrError.system(path: "/dev/.full.tmp", verb: "write", code: ENOSPC)
    #expect(full.description.contains("No space left"))
    #expect(throws: ZarrError.missing(path: folder.path + "/no/.a.tmp")) {
      try DurableFile(folder.path + "/no/a")
    }
  }

  @Test(arguments: [(-1, 1), (0, 11), (10, 1), (11, 0), (0, -1), (.max, 1), (5, .max)])
  func readingOutsideAFileThrows(offset: Int, count: Int) throws {
    let path = folder.path + "/a"
    try writeFile(noise(10), to: path)
    let file = try OpenFile(path)
    #expect(throws: ZarrError.self) { try file.read(at: offset, count: count) }
  }

  @Test func aFolderIsNoFile() {
    #expect(throws: ZarrError.self) { try OpenFile(folder.path) }
    #expect(throws: ZarrError.missing(path: folder.path + "/a")) {
      try OpenFile(folder.path + "/a")
    }
  }
}
