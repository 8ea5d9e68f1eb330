import CCodecs

extension ChunkCodec {
  /// The bytes of one chunk as they stand in a shard.
  ///
  /// Traps when the compressor has no memory or was given settings it does not know.
  public func encode(_ chunk: UnsafeRawBufferPointer) -> [UInt8] {
    encode(chunk, plain: [])
  }

  func encode(_ chunk: UnsafeRawBufferPointer, plain: PlainStreams) -> [UInt8] {
    withEncoded(chunk, plain: plain) { [UInt8]($0) }
  }

  /// The bytes of one chunk in memory.
  public func encode(_ chunk: [UInt8]) -> [UInt8] { chunk.withUnsafeBytes { encode($0) } }

  /// Hands the bytes of one chunk to `body`, in memory that the thread keeps: nothing is allocated.
  func withEncoded<Result, Failure: Error>(
    _ chunk: UnsafeRawBufferPointer, plain: PlainStreams = [],
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard case .big(let size) = byteOrder, size > 1 else {
      return try body(packed(chunk, plain, ChunkContext.current))
    }
    var turned = [UInt8](chunk)
    turned.withUnsafeMutableBytes { swapBytes($0, size: size) }
    return try body(turned.withUnsafeBytes { packed($0, plain, ChunkContext.current) })
  }

  private func packed(
    _ chunk: UnsafeRawBufferPointer, _ plain: PlainStreams, _ context: ChunkContext
  ) -> UnsafeRawBufferPointer {
    let target: UnsafeMutableRawBufferPointer
    let count: Int
    switch compression {
    case .none:
      target = context.packed.bytes(chunk.count + 4)
      target.copyMemory(from: chunk)
      count = chunk.count
    case .zstd(let level, let checksum):
      let room = ZSTD_compressBound(chunk.count)
      target = context.packed.bytes(room + 4)
      count = context.compress(chunk, into: target, level: level, checksum: checksum)!
    case .blosc(let name, let level, let shuffle, let typeSize):
      target = context.packed.bytes(BloscFrame.bound(chunk.count) + 4)
      let room = UnsafeMutableRawBufferPointer(rebasing: target.dropLast(4))
      if let compressor = BloscFrame.Compressor(name: name), shuffle != .bitshuffle {
        count = BloscFrame.pack(
          chunk, by: compressor, level: level, shuffle: shuffle == .shuffle, typeSize: typeSize,
          plain: plain, into: room, context)
      } else {
        count = Self.libblosc(chunk, name, level, shuffle, typeSize, into: room)
      }
    }
    guard crc32c else { return UnsafeRawBufferPointer(rebasing: target[..<count]) }
    let sum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: target[..<count]))
    target.storeBytes(of: sum.littleEndian, toByteOffset: count, as: UInt32.self)
    return UnsafeRawBufferPointer(rebasing: target[..<(count + 4)])
  }

  private static func libblosc(
    _ chunk: UnsafeRawBufferPointer, _ name: String, _ level: Int, _ shuffle: Shuffle,
    _ typeSize: Int, into room: UnsafeMutableRawBufferPointer
  ) -> Int {
    let mode: Int32 = shuffle == .noshuffle ? 0 : shuffle == .shuffle ? 1 : 2
    let size = blosc_compress_ctx(
      Int32(level), mode, typeSize, chunk.count, chunk.baseAddress, room.baseAddress, room.count,
      name, 0, 1)
    precondition(size > 0, "blosc does not compress with \(name)")
    return Int(size)
  }

  /// Fills `target`, the exact size of a chunk, with numbers in the order of the machine, from
  /// bytes that may be hostile.
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
    case .zstd: try ChunkContext.current.decompress(body, into: target)
    case .blosc: try BloscFrame.unpack(body, into: target, ChunkContext.current)
    }
    if case .big(let size) = byteOrder { swapBytes(target, size: size) }
  }
}
