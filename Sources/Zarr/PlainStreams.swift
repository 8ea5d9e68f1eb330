/// The streams of a Blosc frame whose bytes, where they do not recur, are kept without an entropy code.
///
/// The low bytes of large noisy slices hold little that such a code could shorten: found by shorter
/// matches instead, they take as many bytes and are unpacked half as fast again
/// (`docs/benchmarks/codecs.md`). Readers see ordinary zstd frames.
struct PlainStreams: OptionSet, Sendable {
  /// Bit n: the n-th bytes of the numbers.
  let rawValue: UInt16

  subscript(stream: Int) -> Bool { contains(PlainStreams(rawValue: 1 << stream)) }
}

extension PlainStreams {
  /// In shorter streams matches are too rare to make good for the code.
  private static let shortestStream = 1 << 14

  /// Those that cost at most a thirty-second more, tried on one chunk for others like it.
  init(
    tryingOn chunk: UnsafeRawBufferPointer, _ codec: ChunkCodec, _ context: ChunkContext
  ) {
    self = []
    guard case .blosc("zstd", let level, .shuffle, let typeSize) = codec.compression,
      codec.byteOrder == .little, BloscFrame.zstdLevel(level) == 1,
      (2...BloscFrame.mostStreams).contains(typeSize)
    else { return }
    let size = BloscFrame.blockSize(chunk.count, typeSize: typeSize) / typeSize
    guard size >= Self.shortestStream else { return }
    let block = UnsafeRawBufferPointer(rebasing: chunk[..<(size * typeSize)])
    let streams = context.shuffled.bytes(block.count)
    shuffle(block, size: typeSize, into: streams)
    let room = context.packed.bytes(size)
    for stream in 0..<typeSize {
      let bytes = UnsafeRawBufferPointer(
        rebasing: streams[stream * size..<(stream + 1) * size])
      func packed(plain: Bool) -> Int {
        context.compress(bytes, into: room, level: 1, checksum: false, plain: plain) ?? size
      }
      if packed(plain: true) <= packed(plain: false) * 33 / 32 {
        insert(PlainStreams(rawValue: 1 << stream))
      }
    }
  }
}
