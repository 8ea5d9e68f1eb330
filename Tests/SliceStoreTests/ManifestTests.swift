import Foundation
import SliceStore
import TestFolders
import Testing
import Zarr

@Suite struct ManifestTests {
  @Test func linesAreSortedAndTheLastCoversThem() throws {
    let folder = TemporaryFolder(inMemory: true)
    let manifest = Manifest([
      ("b", FileDigest(of: [1, 2])), ("a/c", FileDigest(crc: 0x1F, size: 9)),
    ])
    let lines = String(decoding: manifest.text, as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "0000001f 9 a/c")
    #expect(lines[1].hasSuffix(" 2 b"))
    #expect(lines[2].hasSuffix(" \(lines[0].count + lines[1].count + 2) ."))
    try writeFile(manifest.text, to: folder.path + "/manifest")
    #expect(try Manifest(path: folder.path + "/manifest") == manifest)
  }

  @Test(arguments: ["../x", "/x", "a//b", "./a", "a/../b", ""])
  func pathsThatLeaveTheStoreAreRefused(path: String) throws {
    let folder = TemporaryFolder(inMemory: true)
    try writeFile(Manifest([(path, FileDigest(of: []))]).text, to: folder.path + "/m")
    #expect(throws: StoreError.self) { try Manifest(path: folder.path + "/m") }
  }
}
