import Foundation
import TestFolders
import Testing
import Zarr

@Suite struct ShardFilesTests {
  let folder: TemporaryFolder
  let metadata = ArrayMetadata(
    shape: [10, 4, 8], type: .uint8, shard: [3, 4, 8], chunk: [1, 4, 8],
    codec: .blosc(level: 1, typeSize: 1))
  let bytes = noise(320)

  init() throws {
    folder = TemporaryFolder(inMemory: true)
    _ = try ArrayWriter(folder.path, metadata: metadata).write(bytes)
  }

  func places() throws -> [Range<Int>] {
    let array = try ArrayReader(folder.path)
    return try (0..<10).map { n in
      let index = try #require(try array.open(shard: [n / 3, 0, 0])?.index)
      return try #require(index.places[n % 3])
    }
  }

  func read(_ n: Int, _ files: ShardFiles, _ places: [Range<Int>]) throws -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: 32)
    try chunk.withUnsafeMutableBytes {
      try files.read(places[n], shard: n / 3, chunk: "\(n)", into: $0)
    }
    return chunk
  }

  @Test(arguments: [0, 1, 3, 100])
  func anyNumberOfOpenFilesReadsTheSame(mostOpen: Int) async throws {
    let files = ShardFiles(folder.path, metadata: metadata, mostOpen: mostOpen)
    let places = try places()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for seed in 1...6 {
        group.addTask { () throws in
          for i in 0..<100 {
            let n = (i * 7 + seed * 3) % 10
            let chunk = try read(n, files, places)
            #expect(chunk == Array(bytes[n * 32..<(n + 1) * 32]))
          }
        }
      }
      try await group.waitForAll()
    }
    let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
      .filter { name in
        let target = try? FileManager.default.destinationOfSymbolicLink(
          atPath: "/proc/self/fd/" + name)
        return target?.hasPrefix(folder.path + "/c") == true
      }
    #expect(open.count == min(mostOpen, 4))
    withExtendedLifetime(files) {}
  }

  @Test func aShardThatIsNotThereIsDamage() throws {
    let files = ShardFiles(folder.path, metadata: metadata)
    var chunk = [UInt8](repeating: 0, count: 32)
    for shard in [-1, 4, 1 << 31] {
      #expect(throws: ZarrError.self) {
        try chunk.withUnsafeMutableBytes {
          try files.read(0..<10, shard: shard, chunk: "", into: $0)
        }
      }
    }
  }
}
