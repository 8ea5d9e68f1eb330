import Foundation
import TestFolders
import Testing
import Zarr

/// Shards that are torn, flipped or hostile: every read names the file and stays inside it.
@Suite struct ShardIndexTests {
  let folder: TemporaryFolder
  let shard: String
  let bytes = noise(4 * 16 * 2)

  init() throws {
    folder = TemporaryFolder(inMemory: true)
    shard = folder.path + "/c/0/0"
    let metadata = ArrayMetadata(
      shape: [4, 16], type: .int16, shard: [4, 16], chunk: [1, 16], codec: .zstd(level: 3))
    _ = try ArrayWriter(folder.path, metadata: metadata).write(bytes)
  }

  func expectCorrupt(_ comment: Comment? = nil) {
    do {
      let read = try ArrayReader(folder.path).readAll()
      #expect(read == bytes, comment)
    } catch ZarrError.corrupt(let path, _) {
      #expect(path == shard)
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func everyFlippedBitOfAShardIsFound() throws {
    let good = try readFile(shard)
    for at in good.indices {
      var bad = good
      bad[at] ^= 1 << UInt8(at % 8)
      try Data(bad).write(to: URL(fileURLWithPath: shard))
      expectCorrupt("byte \(at)")
    }
  }

  @Test func everyTruncationOfAShardIsFound() throws {
    let good = try readFile(shard)
    for count in 0..<good.count {
      try Data(good[..<count]).write(to: URL(fileURLWithPath: shard))
      #expect(throws: ZarrError.self, "\(count) bytes") { try ArrayReader(folder.path).readAll() }
    }
  }

  @Test func aMissingShardIsTheFillValueOrDamageAsTheReaderAsks() throws {
    try FileManager.default.removeItem(atPath: shard)
    #expect(try ArrayReader(folder.path).readAll() == [UInt8](repeating: 0, count: bytes.count))
    #expect(throws: ZarrError.missing(path: shard)) {
      try ArrayReader(folder.path, missingShards: .refuse).readAll()
    }
  }

  static let hostile: [(UInt64, UInt64)] = [
    (.max, 5), (5, .max), (.max - 3, 8), (0, 1 << 40), (1 << 62, 1 << 62), (0, 0), (1000, 20),
    (100, 600),
  ]

  @Test(arguments: hostile)
  func hostilePlacesAreRefused(offset: UInt64, length: UInt64) throws {
    var bad = try readFile(shard)
    let index = bad.count - ShardIndex.size(count: 4, checksum: true)
    withUnsafeBytes(of: (offset.littleEndian, length.littleEndian)) { pair in
      for i in 0..<16 { bad[index + i] = pair[i] }
    }
    let sum = CRC32C.checksum(Array(bad[index..<bad.count - 4]))
    withUnsafeBytes(of: sum.littleEndian) { bytes in
      for i in 0..<4 { bad[bad.count - 4 + i] = bytes[i] }
    }
    try Data(bad).write(to: URL(fileURLWithPath: shard))
    #expect(throws: ZarrError.self) { try ArrayReader(folder.path).readAll() }
  }
}
