import CCodecs
import Foundation

/// The working memory of one thread: the compressors' and room for a chunk before and after its
/// bytes are put together.
///
/// It is made when a thread first packs or unpacks a chunk and goes with the thread, so that neither
/// an allocation nor a lock is met afterwards.
final class ChunkContext {
  private let compressor = ZSTD_createCCtx()!
  private let decompressor = ZSTD_createDCtx()!
  /// What LZ4 finds matches with.
  let lz4 = LZ4()
  /// A chunk as it stands in a shard.
  var packed = Room()
  /// Bytes of like weight, side by side.
  var shuffled = Room()
  /// What ``withThreadMemory(_:_:)`` lends, and whether it is lent.
  fileprivate var lent = Room()
  fileprivate var isLent = false

  deinit {
    ZSTD_freeCCtx(compressor)
    ZSTD_freeDCtx(decompressor)
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let made = pthread_key_create(&key) { Unmanaged<ChunkContext>.fromOpaque($0!).release() }
    precondition(made == 0, "no room for another key of threads")
    return key
  }()

  /// That of the running thread.
  static var current: ChunkContext {
    if let known = pthread_getspecific(key) {
      return Unmanaged<ChunkContext>.fromOpaque(known).takeUnretainedValue()
    }
    let new = ChunkContext()
    pthread_setspecific(key, Unmanaged.passRetained(new).toOpaque())
    return new
  }

  /// One zstd frame that says its content size; nil when it does not fit into `target`.
  ///
  /// `plain`, at level 1, leaves what does not recur as it is, without an entropy code: zstd does so
  /// where it may skip positions. Shorter matches make good for it.
  func compress(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, level: Int,
    checksum: Bool, plain: Bool = false
  ) -> Int? {
    // What a frame that did not fit left open would keep the next one's settings from counting.
    ZSTD_CCtx_reset(compressor, ZSTD_reset_session_only)
    set(ZSTD_c_compressionLevel, level)
    set(ZSTD_c_checksumFlag, checksum ? 1 : 0)
    set(ZSTD_c_minMatch, plain ? 5 : 0)
    set(ZSTD_c_targetLength, plain ? 1 : 0)
    let size = ZSTD_compress2(
      compressor, target.baseAddress, target.count, source.baseAddress, source.count)
    if ZSTD_isError(size) == 0 { return size }
    precondition(
      ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall,
      "zstd: \(String(cString: ZSTD_getErrorName(size)))")
    return nil
  }

  private func set(_ parameter: ZSTD_cParameter, _ value: Int) {
    let done = ZSTD_CCtx_setParameter(compressor, parameter, Int32(value))
    precondition(ZSTD_isError(done) == 0, "zstd: \(String(cString: ZSTD_getErrorName(done)))")
  }

  /// Never trusts the size that the frame states: unpacks into the exact room and compares.
  func decompress(
    _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(ChunkFault) {
    let size = ZSTD_decompressDCtx(
      decompressor, target.baseAddress, target.count, frame.baseAddress, frame.count)
    guard ZSTD_isError(size) == 0 else {
      throw .frame("zstd: " + String(cString: ZSTD_getErrorName(size)))
    }
    guard size == target.count else { throw .length(found: size, expected: target.count) }
  }
}

/// Lends `body` so many bytes of memory that the thread keeps, so that nothing is allocated where this
/// is done again and again. Within itself it lends other memory, which is not kept.
package func withThreadMemory<Result, Failure: Error>(
  _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
) throws(Failure) -> Result {
  let context = ChunkContext.current
  guard !context.isLent else {
    var room = Room()
    return try body(room.bytes(count))
  }
  context.isLent = true
  defer { context.isLent = false }
  return try body(context.lent.bytes(count))
}

/// Memory that is kept between uses and grows when it must; what a huge chunk took is given back.
struct Room: ~Copyable {
  private var base: UnsafeMutableRawBufferPointer?
  private static let kept = 64 << 20

  init() {}

  deinit { base?.deallocate() }

  /// `count` bytes, with nothing in particular in them; the same memory at each call.
  mutating func bytes(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if let base, base.count >= count, base.count <= max(Self.kept, 4 * count) {
      return UnsafeMutableRawBufferPointer(rebasing: base[..<count])
    }
    base?.deallocate()
    let new = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1 << 16), alignment: 64)
    base = new
    return UnsafeMutableRawBufferPointer(rebasing: new[..<count])
  }
}
