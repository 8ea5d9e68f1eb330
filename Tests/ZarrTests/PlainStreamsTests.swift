import CCodecs
import Testing
import Zarr

/// Which streams of a frame go without an entropy code.
@Suite struct PlainStreamsTests {
  let codec = ChunkCodec.blosc(level: 1, typeSize: 2)

  /// Numbers of two bytes: the low ones noise below `values` in runs of five that recur, the high ones smooth.
  func slice(_ count: Int, values: UInt64, seed: UInt64) -> [UInt8] {
    var state = seed
    func random() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    var low: [UInt8] = []
    while low.count < count {
      if low.count >= 1000 && random() % 2 == 0 {
        low += low[(low.count - 1000)..<(low.count - 995)]
      }
      low += (0..<5).map { _ in UInt8(random() % values) }
    }
    return (0..<count).flatMap { [low[$0], UInt8($0 / 4096 % 8)] }
  }

  func packed(_ chunks: [[UInt8]], threads: Int = 1) -> [[UInt8]] {
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

  @Test func whereACodeSavesLittleItIsLeftOut() throws {
    let chunks = (1...3).map { slice(1 << 15, values: 256, seed: $0) }
    let frames = packed(chunks)
    for (chunk, frame) in zip(chunks, frames) {
      #expect((frame != codec.encode(chunk)) as Bool)
      #expect(frame.count <= codec.encode(chunk).count * 33 / 32)
      let read = try ChunkCodecTests.decode(frame, codec, count: chunk.count)
      #expect((read == chunk) as Bool)
      var strange = [UInt8](repeating: 0, count: chunk.count)
      let done = blosc_decompress_ctx(frame, &strange, strange.count, 1)
      #expect((Int(done) == chunk.count && strange == chunk) as Bool)
    }
    #expect((packed(chunks, threads: 3) == frames) as Bool)
  }

  @Test(arguments: [(1 << 15, 20), (1 << 12, 256)])
  func whereACodeSavesMuchOrStreamsAreShortItStays(count: Int, values: Int) {
    let chunks = (1...3).map { slice(count, values: UInt64(values), seed: $0) }
    #expect((packed(chunks) == chunks.map { codec.encode($0) }) as Bool)
  }

  @Test func whatIsLeftOutIsForgottenAfterwards() {
    let chunk = slice(1 << 15, values: 256, seed: 1)
    let (coded, plainly) = (codec.encode(chunk), ChunkCodec.zstd(level: 3).encode(chunk))
    _ = packed([chunk, chunk])
    #expect((codec.encode(chunk) == coded) as Bool)
    #expect((ChunkCodec.zstd(level: 3).encode(chunk) == plainly) as Bool)
  }
}
