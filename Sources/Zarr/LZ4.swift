import CCodecs

/// LZ4 blocks (LZ4_Block_format.md): matches without an entropy code.
///
/// Unpacking needs no memory; packing keeps a table of 16 KiB.
final class LZ4 {
  private let table = UnsafeMutableRawPointer.allocate(
    byteCount: Int(LZ4_sizeofState()), alignment: 16)

  deinit { table.deallocate() }

  /// One block; nil when it does not fit into `target`. The larger `acceleration`, 1…, the more
  /// positions are passed over.
  func compress(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, acceleration: Int
  ) -> Int? {
    let size = LZ4_compress_fast_extState(
      table, source.baseAddress, target.baseAddress, Int32(source.count),
      Int32(clamping: target.count), Int32(acceleration))
    return size > 0 ? Int(size) : nil
  }

  /// Unpacks a block that may be hostile into the exact room.
  static func decompress(
    _ block: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(ChunkFault) {
    let size = LZ4_decompress_safe(
      block.baseAddress, target.baseAddress, Int32(clamping: block.count),
      Int32(clamping: target.count))
    guard size >= 0 else { throw .frame("lz4: not a block") }
    guard size == target.count else {
      throw .length(found: Int(size), expected: target.count)
    }
  }
}
