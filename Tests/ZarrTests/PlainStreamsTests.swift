import CCodecs
import Testing
import Zarr

/// Which streams of a frame go without an entropy code.
@Suite struct PlainStreamsTests {
  let codec = ChunkCodec.blosc(level: 1, typeSize: 2)
  let fast = ChunkCodec.blosc("lz4", level: 9, typeSize: 2)

  /// Numbers of two bytes: the low ones noise below `values` in runs that recur, the high ones smooth.
  func slice(_ count: Int, values: UInt64, run: Int = 5, seed: UInt64) -> [UInt8] {
    var state = seed
    func random() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    var low: [UInt8] = []
    while low.count < count {
      if low.count >= 1000 && random() % 2 == 0 {
        low += low[(low.count - 1000)..<(low.count - 1000 + run)]
      }
      low += (0..<run).map { _ in UInt8(random() % values) }
    }
    return (0..<count).flatMap { [low[$0], UInt8($0 / 4096 % 8)] }
  }

  func packed(_ chunks: [[UInt8]], by codec: ChunkCodec, threads: Int = 1) -> [[UInt8]] {
    let size = chunks[0].count
    var frames: [[UInt8]] = []
    chunks.flatMap { $0 }.withUnsafeBytes { bytes in
      codec.encodeEach(
        0..<chunks.count, threads: threads,
        chunk: { UnsafeRawBufferPointer(rebasing: bytes[$0 * size..<($0 + 1) * size]) }
      ) { (_, frame) throws(Never) in frames.append([UInt8](frame)) }
    }
    return frames
  }

  /// Our reader and libblosc unpack the frame to the chunk.
  func expectRead(_ frame: [UInt8], _ codec: ChunkCodec, as chunk: [UInt8]) throws {
    let read = try ChunkCodecTests.decode(frame, codec, count: chunk.count)
    #expect((read == chunk) as Bool)
    var strange = [UInt8](repeating: 0, count: chunk.count)
    let done = blosc_decompress_ctx(frame, &strange, strange.count, 1)
    #expect((Int(done) == chunk.count && strange == chunk) as Bool)
  }

  @Test func whereACodeSavesLittleItIsLeftOut() throws {
    let chunks = (1...3).map { slice(1 << 15, values: 256, seed: $0) }
    let frames = packed(chunks, by: codec)
    for (chunk, frame) in zip(chunks, frames) {
      #expect((frame != codec.encode(chunk)) as Bool)
      #expect(frame.count <= codec.encode(chunk).count * 33 / 32)
      try expectRead(frame, codec, as: chunk)
    }
    #expect((packed(chunks, by: codec, threads: 3) == frames) as Bool)
  }

  @Test func whatLZ4HardlyShortensIsCopied() throws {
    let chunks = (1...3).map { slice(1 << 15, values: 256, seed: $0) }
    let frames = packed(chunks, by: fast)
    for (chunk, frame) in zip(chunks, frames) {
      let low = stride(from: 0, to: chunk.count, by: 2).map { chunk[$0] }
      #expect((Array(frame.dropFirst(16 + 4 + 4).prefix(low.count)) == low) as Bool)
      #expect((fast.encode(chunk).count < frame.count) as Bool)
      #expect((frame.count < chunk.count) as Bool)
      try expectRead(frame, fast, as: chunk)
    }
    #expect((packed(chunks, by: fast, threads: 3) == frames) as Bool)
  }

  @Test(arguments: [(1 << 15, 40), (1 << 12, 5)])
  func whatLZ4ShortensOrIsShortIsPacked(count: Int, run: Int) {
    let chunks = (1...3).map { slice(count, values: 256, run: run, seed: $0) }
    #expect((packed(chunks, by: fast) == chunks.map { fast.encode($0) }) as Bool)
  }

  @Test(arguments: [(1 << 15, 20), (1 << 12, 256)])
  func whereACodeSavesMuchOrStreamsAreShortItStays(count: Int, values: Int) {
    let chunks = (1...3).map { slice(count, values: UInt64(values), seed: $0) }
    #expect((packed(chunks, by: codec) == chunks.map { codec.encode($0) }) as Bool)
  }

  @Test func whatIsLeftOutIsForgottenAfterwards() {
    let chunk = slice(1 << 15, values: 256, seed: 1)
    let (coded, plainly) = (codec.encode(chunk), ChunkCodec.zstd(level: 3).encode(chunk))
    _ = packed([chunk, chunk], by: codec)
    #expect((codec.encode(chunk) == coded) as Bool)
    #expect((ChunkCodec.zstd(level: 3).encode(chunk) == plainly) as Bool)
  }
}
