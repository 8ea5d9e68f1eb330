/// The streams of a Blosc frame that are packed for speed, since packing them well gains little: with
/// zstd their bytes, where they do not recur, are kept without an entropy code; with LZ4 they stand as
/// they are.
///
/// The low bytes of large noisy slices hold little that either could shorten. Without its code zstd finds
/// them by shorter matches, takes as many bytes and unpacks them half as fast again; a copy is
/// read many times as fast as what LZ4 makes of them (`docs/benchmarks/codecs.md`). Readers see ordinary
/// Blosc frames.
struct PlainStreams: OptionSet, Sendable {
  /// Bit n: the n-th bytes of the numbers.
  let rawValue: UInt16

  subscript(stream: Int) -> Bool { contains(PlainStreams(rawValue: 1 << stream)) }
}

extension PlainStreams {
  /// In shorter streams matches are too rare to make good for the code.
  private static let shortestStream = 1 << 14

  /// Those that cost little more, tried on one chunk for others like it.
  init(
    tryingOn chunk: UnsafeRawBufferPointer, _ codec: ChunkCodec, _ context: ChunkContext
  ) {
    self = []
    guard case .blosc(let name, let level, .shuffle, let typeSize) = codec.compression,
      codec.byteOrder == .little, let compressor = BloscFrame.Compressor(name: name),
      compressor == .lz4 || BloscFrame.zstdLevel(level) == 1,
      (2...BloscFrame.mostStreams).contains(typeSize)
    else { return }
    let size = BloscFrame.blockSize(chunk.count, typeSize: typeSize) / typeSize
    guard size >= Self.shortestStream else { return }
    let block = UnsafeRawBufferPointer(rebasing: chunk[..<(size * typeSize)])
    let streams = context.shuffled.bytes(block.count)
    shuffle(block, size: typeSize, into: streams)
    for stream in 0..<typeSize {
      let bytes = UnsafeRawBufferPointer(
        rebasing: streams[stream * size..<(stream + 1) * size])
      if Self.gainsLittle(bytes, by: compressor, level: level, context) {
        insert(PlainStreams(rawValue: 1 << stream))
      }
    }
  }

  /// Whether a stream is at most a thirty-second longer without zstd's code, or LZ4 takes less than a
  /// quarter off it.
  private static func gainsLittle(
    _ stream: UnsafeRawBufferPointer, by compressor: BloscFrame.Compressor, level: Int,
    _ context: ChunkContext
  ) -> Bool {
    let room = context.packed.bytes(stream.count)
    func zstd(plain: Bool) -> Int {
      context.compress(stream, into: room, level: 1, checksum: false, plain: plain)
        ?? stream.count
    }
    switch compressor {
    case .zstd: return zstd(plain: true) <= zstd(plain: false) * 33 / 32
    case .lz4:
      let acceleration = BloscFrame.acceleration(level)
      let packed = context.lz4.compress(stream, into: room, acceleration: acceleration)
      return packed ?? stream.count >= stream.count * 3 / 4
    }
  }
}
