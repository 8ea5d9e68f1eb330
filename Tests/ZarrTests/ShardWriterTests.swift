import Foundation
import TestFolders
import Testing
import Zarr

@Suite struct ShardWriterTests {
  let folder: TemporaryFolder
  let metadata = ArrayMetadata(
    shape: [10, 8], type: .uint8, shard: [4, 8], chunk: [1, 8], codec: .zstd(level: 3), fill: 255)
  init() throws { folder = TemporaryFolder(inMemory: true) }

  @Test func skippedChunksReadAsTheFillValue() throws {
    let writer = ArrayWriter(folder.path, metadata: metadata)
    _ = try writer.writeMetadata()
    try makeFolder(folder.path + "/c/0")
    let shard = try ShardWriter(folder.path + "/c/0/0", metadata: metadata)
    try noise(8).withUnsafeBytes { try shard.append($0) }
    shard.skip()
    try noise(8, seed: 3).withUnsafeBytes { try shard.append($0) }
    #expect(shard.count == 3 && !shard.isFull)
    _ = try shard.finish()
    let array = try ArrayReader(folder.path)
    #expect(try array.read(chunk: [0, 0]) == noise(8))
    #expect(try array.read(chunk: [1, 0]) == [UInt8](repeating: 255, count: 8))
    #expect(try array.read(chunk: [2, 0]) == noise(8, seed: 3))
    #expect(try array.read(chunk: [3, 0]) == [UInt8](repeating: 255, count: 8))
  }

  @Test func anUnfinishedShardLeavesNothing() throws {
    do {
      let shard = try ShardWriter(folder.path + "/0", metadata: metadata)
      try noise(8).withUnsafeBytes { try shard.append($0) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
