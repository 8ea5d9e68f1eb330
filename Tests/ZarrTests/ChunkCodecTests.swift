import TestFolders
import Testing
import Zarr

@Suite struct ChunkCodecTests {
  static let codecs: [ChunkCodec] = [
    ChunkCodec(), ChunkCodec(crc32c: true), .zstd(level: 1), .zstd(level: 19), .zstd(level: -5),
    ChunkCodec(.zstd(level: 3, checksum: false)),
    .blosc(level: 1, typeSize: 2), .blosc(level: 5, shuffle: .bitshuffle, typeSize: 4),
    .blosc(level: 0, shuffle: .noshuffle, typeSize: 1),
    ChunkCodec(.blosc(name: "lz4", level: 5, shuffle: .shuffle, typeSize: 8)),
    ChunkCodec(.blosc(name: "zstd", level: 1, shuffle: .shuffle, typeSize: 2)), bigEndian,
  ]
  static let bigEndian: ChunkCodec = {
    var codec = ChunkCodec.blosc(level: 1, typeSize: 8)
    codec.byteOrder = .big(size: 8)
    return codec
  }()
  static let checked = codecs.filter { codec in
    if case .zstd(_, true) = codec.compression { true } else { codec.crc32c }
  }

  static func decode(_ stored: [UInt8], _ codec: ChunkCodec, count: Int) throws -> [UInt8] {
    var target = [UInt8](repeating: 0, count: count)
    try target.withUnsafeMutableBytes { target in
      try stored.withUnsafeBytes { try codec.decode($0, into: target) }
    }
    return target
  }

  @Test(arguments: codecs, [8, 16, 4096, 300_008])
  func aChunkComesBackAsItWas(codec: ChunkCodec, count: Int) throws {
    let chunk = noise(count)
    #expect(try Self.decode(codec.encode(chunk), codec, count: count) == chunk)
  }

  @Test(arguments: codecs)
  func theSameChunkGivesTheSameBytes(codec: ChunkCodec) {
    let chunk = noise(20_000)
    let first = codec.encode(chunk)
    _ = codec.encode(noise(7000, seed: 2))
    #expect(codec.encode(chunk) == first)
  }

  @Test func aChunkThatDidNotFitLeavesNothingBehind() {
    // Blosc stores a stream as it is where zstd would not shorten it, which ends zstd early.
    let random = (0..<5000).map { i in UInt8(truncatingIfNeeded: (i &* 2_654_435_761) >> 13) }
    for codec in Self.checked {
      let chunk = noise(5000)
      let before = codec.encode(chunk)
      _ = ChunkCodec.blosc(level: 1, typeSize: 2).encode(random)
      #expect(codec.encode(chunk) == before)
    }
  }

  @Test func aZstdChunkIsOneFrameThatSaysItsSize() {
    let frame = ChunkCodec.zstd(level: 3).encode([UInt8](repeating: 7, count: 70_000))
    #expect(frame[..<4] == [0x28, 0xB5, 0x2F, 0xFD])
    let descriptor = frame[4]
    #expect(descriptor >> 6 != 0 || descriptor & 0x20 != 0, "content size (RFC 8878, 3.1.1.1)")
    #expect(descriptor & 4 == 4, "checksum")
  }

  @Test(arguments: checked)
  func everyFlippedBitIsFound(codec: ChunkCodec) {
    let chunk = noise(600)
    let stored = codec.encode(chunk)
    for at in stored.indices {
      var bad = stored
      bad[at] ^= 1 << UInt8(at % 8)
      let read = try? Self.decode(bad, codec, count: 600)
      // A flip in an unused bit of a header may pass, values that differ may not.
      #expect(read == nil || read == chunk, "byte \(at)")
    }
  }

  @Test(arguments: codecs)
  func everyTruncationIsFound(codec: ChunkCodec) {
    let stored = codec.encode(noise(600))
    for count in 0..<stored.count {
      #expect(throws: ChunkFault.self) {
        try Self.decode(Array(stored[..<count]), codec, count: 600)
      }
    }
  }

  @Test(arguments: codecs)
  func aChunkOfAnotherSizeIsRefused(codec: ChunkCodec) {
    let stored = codec.encode(noise(608))
    for count in [0, 8, 600, 616, 6080] {
      #expect(throws: ChunkFault.self) { try Self.decode(stored, codec, count: count) }
    }
  }

  @Test(arguments: codecs)
  func noiseIsNoChunk(codec: ChunkCodec) {
    guard codec != ChunkCodec() else { return }
    for seed in 1..<200 {
      let bytes = noise(64 + seed, seed: UInt64(seed))
      #expect(throws: ChunkFault.self) { try Self.decode(bytes, codec, count: 600) }
    }
  }
}
