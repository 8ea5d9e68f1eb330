import Foundation
import Testing
import Zarr

/// Arrays that zarr-python and tensorstore wrote (`Fixtures/make_arrays.py`).
@Suite struct ArrayReaderTests {
  static let fixtures =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/"
  static let int16: [Int16] = (0..<693).map { (i: Int) -> Int16 in Int16(31 * i % 1000 - 500) }

  func values<T>(_ bytes: [UInt8], as: T.Type) -> [T] {
    bytes.withUnsafeBytes { Array($0.bindMemory(to: T.self)) }
  }

  @Test(arguments: ["zstd", "zstd-unchecked", "blosc", "bitshuffle-start", "plain", "tensorstore"])
  func whatOthersWroteIsRead(name: String) throws {
    let bytes = try ArrayReader(Self.fixtures + name).readAll()
    #expect(values(bytes, as: Int16.self) == Self.int16)
  }

  @Test func otherTypesOfOthersAreRead() throws {
    let bytes = try ArrayReader(Self.fixtures + "uint8").readAll()
    let expected = (0..<693).map { (i: Int) -> UInt8 in UInt8(31 * i % 200) }
    #expect(bytes == expected)
    let floats = try ArrayReader(Self.fixtures + "float32").readAll()
    #expect(values(floats, as: Float.self) == Self.int16.map { Float($0) / 4 })
  }

  @Test func chunksThatAreNotThereAreTheFillValue() throws {
    let array = try ArrayReader(Self.fixtures + "holes")
    let all = values(try array.readAll(), as: Int16.self)
    for (i, value) in all.enumerated() {
      let (z, y, x) = (i / 99, i / 11 % 9, i % 11)
      #expect(value == (z < 2 && y < 3 && x < 4 ? Self.int16[i] : -7))
    }
    #expect(values(try array.read(chunk: [3, 2, 2]), as: Int16.self).allSatisfy { $0 == -7 })
  }

  @Test func oneChunkIsItsPartOfTheArray() throws {
    let array = try ArrayReader(Self.fixtures + "blosc")
    let chunk = values(try array.read(chunk: [1, 2, 1]), as: Int16.self)
    for i in 0..<24 {
      let (z, y, x) = (2 + i / 12, 6 + i / 4 % 3, 4 + i % 4)
      #expect(chunk[i] == Self.int16[(z * 9 + y) * 11 + x])
    }
  }

  @Test func severalThreadsReadTheSame() async throws {
    let array = try ArrayReader(Self.fixtures + "zstd")
    let expected = try array.readAll()
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<8 { group.addTask { try array.readAll() } }
      for try await bytes in group { #expect(bytes == expected) }
    }
  }
}
