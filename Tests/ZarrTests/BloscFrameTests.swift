import CCodecs
import TestFolders
import Testing
import Zarr

/// Blosc frames of our own making and opening, beside libblosc's.
@Suite struct BloscFrameTests {
  struct Setting: Sendable, CustomTestStringConvertible {
    var name = "zstd"
    var level: Int
    var shuffle: ChunkCodec.Shuffle
    var typeSize: Int
    var testDescription: String { "\(name), \(shuffle) of \(typeSize) at level \(level)" }
    var codec: ChunkCodec {
      ChunkCodec(.blosc(name: name, level: level, shuffle: shuffle, typeSize: typeSize))
    }
  }

  static let settings =
    [1, 2, 3, 4, 7, 8, 16, 17].flatMap { size in
      [0, 1, 5].map { Setting(level: $0, shuffle: .shuffle, typeSize: size) }
    } + [
      Setting(level: 1, shuffle: .noshuffle, typeSize: 2),
      Setting(level: 9, shuffle: .shuffle, typeSize: 2),
      Setting(level: 3, shuffle: .bitshuffle, typeSize: 2),
      Setting(level: 3, shuffle: .bitshuffle, typeSize: 8),
    ]
    + [1, 2, 3, 8, 16, 17].flatMap { size in
      [0, 1, 9].map { Setting(name: "lz4", level: $0, shuffle: .shuffle, typeSize: size) }
    } + [
      Setting(name: "lz4", level: 9, shuffle: .noshuffle, typeSize: 2),
      Setting(name: "lz4", level: 5, shuffle: .bitshuffle, typeSize: 2),
      Setting(name: "lz4hc", level: 5, shuffle: .shuffle, typeSize: 2),
    ]
  static let counts = [0, 1, 2, 3, 31, 32, 255, 256, 257, 4099, 70_000]

  /// What is hard to pack as well as what is not.
  func chunks(_ count: Int) -> [[UInt8]] {
    var state: UInt64 = 7
    let random = (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 40)
    }
    return [noise(count), [UInt8](repeating: 9, count: count), random]
  }

  @Test(arguments: settings)
  func libbloscReadsWhatIsWritten(setting: Setting) {
    for chunk in Self.counts.flatMap(chunks) {
      let frame = setting.codec.encode(chunk)
      #expect(frame.count <= chunk.count + 16)
      var size = 0
      #expect(blosc_cbuffer_validate(frame, frame.count, &size) == 0 && size == chunk.count)
      var read = [UInt8](repeating: 0, count: chunk.count)
      let done = blosc_decompress_ctx(frame, &read, read.count, 1)
      #expect((Int(done) == chunk.count && read == chunk) as Bool, "\(chunk.count) bytes")
    }
  }

  @Test(arguments: settings)
  func whatLibbloscWritesIsRead(setting: Setting) throws {
    let mode: Int32 = setting.shuffle == .noshuffle ? 0 : setting.shuffle == .shuffle ? 1 : 2
    for chunk in Self.counts.flatMap(chunks) {
      for block in [0, 1024] {
        var frame = [UInt8](repeating: 0, count: chunk.count + 16)
        let size = blosc_compress_ctx(
          Int32(setting.level), mode, setting.typeSize, chunk.count, chunk, &frame, frame.count,
          setting.name, block, 1)
        try #require(size > 0)
        let stored = Array(frame.prefix(Int(size)))
        let read = try ChunkCodecTests.decode(stored, setting.codec, count: chunk.count)
        #expect((read == chunk) as Bool, "\(chunk.count) bytes, blocks of \(block)")
      }
    }
  }

  @Test(arguments: ["zstd", "lz4"]) func aChunkOfSeveralBlocksComesBack(name: String) throws {
    for (size, count) in [(1, 700_001), (2, 1_048_578), (2, 1_572_864), (4, 3 << 20)] {
      let codec = ChunkCodec(.blosc(name: name, level: 1, shuffle: .shuffle, typeSize: size))
      let chunk = noise(count)
      let frame = codec.encode(chunk)
      let same = try ChunkCodecTests.decode(frame, codec, count: count) == chunk
      #expect(same, "\(count) bytes")
      var read = [UInt8](repeating: 0, count: count)
      let done = blosc_decompress_ctx(frame, &read, count, 1)
      #expect((Int(done) == count && read == chunk) as Bool, "\(count) bytes")
    }
  }

  @Test(arguments: ["zstd", "lz4"]) func hostileFramesAreRefusedOrGiveSomeChunk(name: String) {
    let codec = ChunkCodec(.blosc(name: name, level: 1, shuffle: .shuffle, typeSize: 2))
    let frame = codec.encode(noise(2000))
    for at in 0..<min(frame.count, 64) {
      for value in [0, 1, 2, 0x10, 0x7F, 0x80, 0xFF] as [UInt8] {
        var bad = frame
        bad[at] = value
        _ = try? ChunkCodecTests.decode(bad, codec, count: 2000)
        if bad.count > 16 { bad.removeLast(bad.count / 2) }
        #expect(throws: ChunkFault.self) { try ChunkCodecTests.decode(bad, codec, count: 2000) }
      }
    }
  }
}
