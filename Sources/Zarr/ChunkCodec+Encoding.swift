import CZstd
import Synchronization

extension ChunkCodec {
  /// The bytes of one chunk as they stand in a shard.
  ///
  /// Traps when the compressor has no memory or was given settings it does not know.
  public func encode(_ chunk: UnsafeRawBufferPointer) -> [UInt8] {
    var bytes: [UInt8]
    switch compression {
    case .none: bytes = [UInt8](chunk)
    case .zstd(let level, let checksum):
      bytes = ChunkContext.borrowed { $0.compress(chunk, level: level, checksum: checksum) }
    case .blosc(let name, let level, let shuffle, let typeSize):
      bytes = Self.blosc(chunk, name: name, level: level, shuffle: shuffle, typeSize: typeSize)
    }
    if crc32c {
      withUnsafeBytes(of: CRC32C.checksum(bytes).littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// The bytes of one chunk in memory.
  public func encode(_ chunk: [UInt8]) -> [UInt8] { chunk.withUnsafeBytes { encode($0) } }

  /// Fills `target`, the exact size of a chunk, from bytes that may be hostile.
  public func decode(
    _ stored: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(ChunkFault) {
    var body = stored
    if crc32c {
      guard stored.count >= 4 else { throw .frame("shorter than its checksum") }
      body = UnsafeRawBufferPointer(rebasing: stored.dropLast(4))
      let expected = stored.loadUnaligned(fromByteOffset: body.count, as: UInt32.self)
      guard CRC32C.checksum(body) == UInt32(littleEndian: expected) else { throw .checksum }
    }
    switch compression {
    case .none:
      guard body.count == target.count else {
        throw .length(found: body.count, expected: target.count)
      }
      target.copyMemory(from: body)
    case .zstd: try ChunkContext.decompress(body, into: target)
    case .blosc: try Self.unblosc(body, into: target)
    }
  }

  private static func blosc(
    _ chunk: UnsafeRawBufferPointer, name: String, level: Int, shuffle: Shuffle, typeSize: Int
  ) -> [UInt8] {
    let mode: Int32 = shuffle == .noshuffle ? 0 : shuffle == .shuffle ? 1 : 2
    let room = chunk.count + Int(BLOSC_MIN_HEADER_LENGTH)
    return [UInt8](unsafeUninitializedCapacity: room) { target, filled in
      let size = blosc_compress_ctx(
        Int32(level), mode, typeSize, chunk.count, chunk.baseAddress, target.baseAddress, room,
        name, 0, 1)
      precondition(size > 0, "blosc does not compress with \(name)")
      filled = Int(size)
    }
  }

  private static func unblosc(
    _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(ChunkFault) {
    var size = 0
    guard frame.count >= Int(BLOSC_MIN_HEADER_LENGTH),
      blosc_cbuffer_validate(frame.baseAddress, frame.count, &size) == 0
    else { throw .frame("not a Blosc frame") }
    guard size == target.count else { throw .length(found: size, expected: target.count) }
    let done = blosc_decompress_ctx(frame.baseAddress, target.baseAddress, target.count, 1)
    guard Int(done) == target.count else { throw .frame("a Blosc frame that does not unpack") }
  }
}

/// zstd's working memory, kept between chunks: a thread borrows one and gives it back.
final class ChunkContext: @unchecked Sendable {  // owned by one borrower at a time
  private let compressor = ZSTD_createCCtx()!
  private let decompressor = ZSTD_createDCtx()!
  private static let idle = Mutex<[ChunkContext]>([])

  deinit {
    ZSTD_freeCCtx(compressor)
    ZSTD_freeDCtx(decompressor)
  }

  static func borrowed<Result>(_ body: (ChunkContext) -> Result) -> Result {
    let context = idle.withLock { $0.popLast() } ?? ChunkContext()
    defer { idle.withLock { $0.append(context) } }
    return body(context)
  }

  func compress(_ chunk: UnsafeRawBufferPointer, level: Int, checksum: Bool) -> [UInt8] {
    ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, Int32(level))
    ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, checksum ? 1 : 0)
    let room = ZSTD_compressBound(chunk.count)
    return [UInt8](unsafeUninitializedCapacity: room) { target, filled in
      let size = ZSTD_compress2(
        compressor, target.baseAddress, room, chunk.baseAddress, chunk.count)
      precondition(ZSTD_isError(size) == 0, "zstd: \(String(cString: ZSTD_getErrorName(size)))")
      filled = size
    }
  }

  /// Never trusts the size that the frame states: unpacks into the exact room and compares.
  static func decompress(
    _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(ChunkFault) {
    let size = borrowed {
      ZSTD_decompressDCtx(
        $0.decompressor, target.baseAddress, target.count, frame.baseAddress, frame.count)
    }
    guard ZSTD_isError(size) == 0 else {
      throw .frame("zstd: " + String(cString: ZSTD_getErrorName(size)))
    }
    guard size == target.count else { throw .length(found: size, expected: target.count) }
  }
}
