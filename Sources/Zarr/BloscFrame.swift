import CCodecs

/// A Blosc 1 frame with zstd or LZ4 inside, opened by our own hands so that memory is kept: libblosc
/// allocates for every frame, and makes and frees a context of zstd for every block.
///
/// 16 bytes of header (format version, version of the compressor, flags, bytes of a number; u32:
/// bytes unpacked, bytes of a block, bytes of the frame), an u32 for where each block begins, and
/// the blocks: one stream, or one for each byte of a number, each an u32 for its length and a zstd
/// frame or an LZ4 block, or the bytes themselves where that would not be shorter (c-blosc,
/// README_HEADER.rst).
struct BloscFrame {
  static let headerSize = 16
  /// A block is split into streams when each has at least so many bytes, and numbers no more than
  /// so many.
  static let smallestStream = 128
  static let mostStreams = 16

  /// The compressors whose streams are made and opened here, by their number in the header.
  enum Compressor: UInt8 {
    case lz4 = 1
    case zstd = 4

    /// By its `cname` in Zarr's metadata.
    init?(name: String) {
      switch name {
      case "lz4": self = .lz4
      case "zstd": self = .zstd
      default: return nil
      }
    }
  }

  struct Flags: OptionSet {
    let rawValue: UInt8
    static let shuffled = Flags(rawValue: 1)
    static let copied = Flags(rawValue: 2)
    static let bitShuffled = Flags(rawValue: 4)
    static let notSplit = Flags(rawValue: 16)
  }

  private let bytes: UnsafeRawBufferPointer
  private let compressor: Compressor
  private let flags: Flags
  private let typeSize: Int
  private let blockSize: Int

  /// Fills `target` from a frame that may be hostile.
  static func unpack(
    _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    _ context: ChunkContext
  ) throws(ChunkFault) {
    guard frame.count >= headerSize, frame[0] == 2 || frame[0] == 1 else {
      throw .frame("not a Blosc frame")
    }
    let size = Int(number(frame, 4))
    guard size == target.count else { throw .length(found: size, expected: target.count) }
    guard number(frame, 12) == frame.count else { throw .frame("a Blosc frame cut short") }
    let flags = Flags(rawValue: frame[2])
    if flags.contains(.copied) {
      guard frame.count == headerSize + size else { throw .frame("a Blosc frame of wrong length") }
      return target.copyMemory(from: UnsafeRawBufferPointer(rebasing: frame[headerSize...]))
    }
    guard let compressor = Compressor(rawValue: frame[2] >> 5), !flags.contains(.bitShuffled) else {
      return try unpackByLibrary(frame, into: target)
    }
    try BloscFrame(frame, compressor, flags).unpack(into: target, context)
  }

  private init(
    _ frame: UnsafeRawBufferPointer, _ compressor: Compressor, _ flags: Flags
  ) throws(ChunkFault) {
    bytes = frame
    (self.compressor, self.flags) = (compressor, flags)
    typeSize = Int(frame[3])
    blockSize = Int(Self.number(frame, 8))
    guard typeSize > 0, blockSize > 0 else { throw .frame("a Blosc frame without blocks") }
  }

  private func unpack(
    into target: UnsafeMutableRawBufferPointer, _ context: ChunkContext
  ) throws(ChunkFault) {
    let blocks = (target.count + blockSize - 1) / blockSize
    let starts = Self.headerSize + 4 * blocks
    guard bytes.count >= starts else { throw .frame("a Blosc frame cut short") }
    let isShuffled = flags.contains(.shuffled) && typeSize > 1
    for block in 0..<blocks {
      let first = block * blockSize
      let part = UnsafeMutableRawBufferPointer(
        rebasing: target[first..<min(first + blockSize, target.count)])
      let start = Int(Self.number(bytes, Self.headerSize + 4 * block))
      guard start >= starts else { throw .frame("a Blosc block on the header") }
      if isShuffled {
        let room = context.shuffled.bytes(part.count)
        try unpack(from: start, into: room, context)
        unshuffle(UnsafeRawBufferPointer(room), size: typeSize, into: part)
      } else {
        try unpack(from: start, into: part, context)
      }
    }
  }

  /// Unpacks the streams of one block, which lie behind one another.
  private func unpack(
    from start: Int, into block: UnsafeMutableRawBufferPointer, _ context: ChunkContext
  ) throws(ChunkFault) {
    let isSplit =
      !flags.contains(.notSplit) && block.count == blockSize && typeSize <= Self.mostStreams
      && blockSize / typeSize >= Self.smallestStream
    let streams = isSplit ? typeSize : 1
    let size = block.count / streams
    var at = start
    for stream in 0..<streams {
      guard at <= bytes.count - 4 else { throw .frame("a Blosc stream outside the frame") }
      let length = Int(Self.number(bytes, at))
      at += 4
      guard length > 0, length <= bytes.count - at else {
        throw .frame("a Blosc stream outside the frame")
      }
      let packed = UnsafeRawBufferPointer(rebasing: bytes[at..<at + length])
      let part = UnsafeMutableRawBufferPointer(
        rebasing: block[stream * size..<(stream + 1) * size])
      if length == size {
        part.copyMemory(from: packed)
      } else {
        try unpack(stream: packed, into: part, context)
      }
      at += length
    }
    guard streams * size == block.count else { throw .frame("a Blosc block that does not divide") }
  }

  private func unpack(
    stream: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    _ context: ChunkContext
  ) throws(ChunkFault) {
    switch compressor {
    case .lz4: try LZ4.decompress(stream, into: target)
    case .zstd: try context.decompress(stream, into: target)
    }
  }

  private static func number(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
  }

  /// Other compressors, and the bit shuffle.
  private static func unpackByLibrary(
    _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(ChunkFault) {
    var size = 0
    guard blosc_cbuffer_validate(frame.baseAddress, frame.count, &size) == 0 else {
      throw .frame("not a Blosc frame")
    }
    guard size == target.count else { throw .length(found: size, expected: target.count) }
    let done = blosc_decompress_ctx(frame.baseAddress, target.baseAddress, target.count, 1)
    guard Int(done) == target.count else { throw .frame("a Blosc frame that does not unpack") }
  }
}
