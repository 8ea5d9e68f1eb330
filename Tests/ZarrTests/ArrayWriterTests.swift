import Foundation
import TestFolders
import Testing
import Zarr

@Suite struct ArrayWriterTests {
  let folder: TemporaryFolder
  init() throws { folder = TemporaryFolder(inMemory: true) }

  func metadata(
    _ type: DataType = .int16, shape: [Int] = [7, 9, 11], codec: ChunkCodec = .zstd(level: 3)
  ) -> ArrayMetadata {
    ArrayMetadata(
      shape: shape, type: type, shard: [4, 6, 8], chunk: [2, 3, 4], codec: codec, fill: 3)
  }

  func write(_ metadata: ArrayMetadata) throws -> [UInt8] {
    let bytes = noise(metadata.shape.reduce(metadata.type.size, *))
    _ = try ArrayWriter(folder.path, metadata: metadata).write(bytes)
    return bytes
  }

  @Test(arguments: DataType.allCases)
  func everyTypeComesBack(type: DataType) throws {
    for codec in [ChunkCodec.zstd(level: 1), .blosc(level: 1, typeSize: type.size)] {
      let bytes = try write(metadata(type, codec: codec))
      #expect(try ArrayReader(folder.path).readAll() == bytes)
    }
  }

  @Test(arguments: [[1, 1, 1], [4, 6, 8], [5, 7, 9], [8, 12, 16], [0, 9, 11]])
  func everyShapeComesBackWhereverItsEdgesFall(shape: [Int]) throws {
    let bytes = try write(metadata(shape: shape))
    #expect(try ArrayReader(folder.path).readAll() == bytes)
  }

  @Test func whatHangsOverTheEdgeIsTheFillValue() throws {
    let metadata = metadata(shape: [1, 1, 3])
    _ = try write(metadata)
    let chunk = try ArrayReader(folder.path).read(chunk: [0, 0, 0])
    #expect(Array(chunk[6..<8]) == [3, 0])
    #expect(chunk[8...].enumerated().allSatisfy { $1 == ($0 % 2 == 0 ? 3 : 0) })
  }

  @Test func chunksBeyondTheArrayAreNotInTheShard() throws {
    let metadata = metadata(shape: [3, 6, 8])
    _ = try write(metadata)
    let reader = try ArrayReader(folder.path)
    let shard = try #require(try reader.open(shard: [0, 0, 0]))
    #expect(shard.index.places.count == 8)
    #expect(shard.index.places.allSatisfy { $0 != nil })
    let small = self.metadata(shape: [2, 6, 8])
    _ = try write(small)
    let half = try #require(try ArrayReader(folder.path).open(shard: [0, 0, 0]))
    #expect(half.index.places[4...].allSatisfy { $0 == nil })
  }

  @Test func everyDigestIsThatOfItsFile() throws {
    let metadata = metadata()
    let files = try ArrayWriter(folder.path, metadata: metadata).write(noise(7 * 9 * 11 * 2))
    #expect(files.count == 9)
    for file in files {
      #expect(try OpenFile(folder.path + "/" + file.path).digest() == file.digest)
    }
  }
}
