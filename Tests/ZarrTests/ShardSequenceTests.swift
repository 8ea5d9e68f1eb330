import Foundation
import TestFolders
import Testing
import Zarr

@Suite struct ShardSequenceTests {
  /// Shapes, shards and chunks of slices: runs of one shard, of several, and with an edge that hangs
  /// over in either axis.
  @Test(arguments: [
    ([7, 4, 5], [7, 4, 5]), ([7, 4, 5], [3, 4, 5]), ([3, 6, 4, 5], [1, 4, 4, 5]),
    ([5, 3, 4, 5], [2, 3, 4, 5]), ([1, 1, 4, 5], [1, 1, 4, 5]),
  ])
  func chunksInOrderGiveTheFilesOfTheWholeArray(shape: [Int], shard: [Int]) throws {
    let (one, other) = (TemporaryFolder(inMemory: true), TemporaryFolder(inMemory: true))
    let chunk = [Int](repeating: 1, count: shape.count - 2) + shape.suffix(2)
    let metadata = ArrayMetadata(
      shape: shape, type: .int16, shard: shard, chunk: chunk, codec: .zstd(level: 1))
    let bytes = noise(shape.reduce(2, *))
    let whole = try ArrayWriter(one.path, metadata: metadata).write(bytes)
    let sequence = ShardSequence(other.path, metadata: metadata)
    for start in stride(from: 0, to: bytes.count, by: 40) {
      try sequence.append(packed: metadata.codec.encode(Array(bytes[start..<start + 40])))
    }
    let files = try sequence.finish()
    #expect(files.map(\.path) == whole.map(\.path))
    #expect(files.map(\.digest) == whole.map(\.digest))
    #expect(try ArrayReader(other.path).readAll() == bytes)
  }
}
