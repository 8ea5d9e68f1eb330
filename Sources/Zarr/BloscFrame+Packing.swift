import CCodecs

extension BloscFrame {
  /// What `target` of ``pack(_:by:level:shuffle:typeSize:plain:into:_:)`` must have room for.
  static func bound(_ count: Int) -> Int { headerSize + count }

  /// Packs a chunk into `target`, which has room for the chunk and a header; returns the bytes of the
  /// frame.
  ///
  /// A block is the whole chunk, in pieces of at most 256 KiB a stream, and each byte of a number has
  /// a stream of its own: the noisy low bytes do not spoil the statistics of the smooth high ones,
  /// which libblosc, which does not split for zstd, lets them do (`docs/benchmarks/codecs.md`).
  static func pack(
    _ chunk: UnsafeRawBufferPointer, by compressor: Compressor, level: Int, shuffle: Bool,
    typeSize: Int, plain: PlainStreams = [], into target: UnsafeMutableRawBufferPointer,
    _ context: ChunkContext
  ) -> Int {
    let size = (1...255).contains(typeSize) ? typeSize : 1
    let isShuffled = shuffle && size > 1
    let block = blockSize(chunk.count, typeSize: isShuffled ? size : 1)
    let isSplit = isShuffled && size <= mostStreams && block / size >= smallestStream
    var flags: Flags = shuffle ? .shuffled : []
    if !isSplit { flags.insert(.notSplit) }
    let packing = BlockPacking(
      compressor: compressor, level: level, typeSize: size, blockSize: block,
      isShuffled: isShuffled, streams: isSplit ? size : 1, plain: plain, context: context)
    let packed = level == 0 || chunk.isEmpty ? nil : packing.pack(chunk, into: target)
    if packed == nil { flags = .copied }
    let end = packed ?? headerSize + chunk.count
    target.storeBytes(of: 2, toByteOffset: 0, as: UInt8.self)
    target.storeBytes(of: 1, toByteOffset: 1, as: UInt8.self)
    target.storeBytes(
      of: flags.rawValue | compressor.rawValue << 5, toByteOffset: 2, as: UInt8.self)
    target.storeBytes(of: UInt8(size), toByteOffset: 3, as: UInt8.self)
    put(chunk.count, at: 4, in: target)
    put(block, at: 8, in: target)
    put(end, at: 12, in: target)
    if packed == nil {
      UnsafeMutableRawBufferPointer(rebasing: target[headerSize...]).copyMemory(from: chunk)
    }
    return end
  }

  /// zstd's level for Blosc's 1…9, as libblosc has it.
  static func zstdLevel(_ level: Int) -> Int {
    switch level {
    case ..<8: 2 * level - 1
    case 8: Int(ZSTD_maxCLevel()) - 2
    default: Int(ZSTD_maxCLevel())
    }
  }

  /// LZ4's for Blosc's 1…9, as libblosc has it.
  static func acceleration(_ level: Int) -> Int { 10 - level }

  /// Whole numbers, in blocks of equal size where that is possible: a shorter last one is not split.
  static func blockSize(_ count: Int, typeSize: Int) -> Int {
    let most = typeSize << 18
    guard count > most else { return count < typeSize ? count : count - count % typeSize }
    let fewest = (count + most - 1) / most
    let equal = (fewest..<2 * fewest).first { count % ($0 * typeSize) == 0 }
    return equal.map { count / $0 } ?? most
  }

  fileprivate static func put(
    _ value: Int, at offset: Int, in target: UnsafeMutableRawBufferPointer
  ) {
    target.storeBytes(of: UInt32(value).littleEndian, toByteOffset: offset, as: UInt32.self)
  }
}

/// The blocks of a frame being packed.
private struct BlockPacking {
  let compressor: BloscFrame.Compressor
  /// Blosc's, 1…9.
  let level: Int
  let typeSize: Int
  let blockSize: Int
  let isShuffled: Bool
  let streams: Int
  let plain: PlainStreams
  let context: ChunkContext

  /// Where the last block ends, or nil when the frame would not be shorter than a copy.
  func pack(
    _ chunk: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    let blocks = (chunk.count + blockSize - 1) / blockSize
    var at = BloscFrame.headerSize + 4 * blocks
    for block in 0..<blocks {
      guard at < target.count else { return nil }
      BloscFrame.put(at, at: BloscFrame.headerSize + 4 * block, in: target)
      let first = block * blockSize
      let part = UnsafeRawBufferPointer(
        rebasing: chunk[first..<min(first + blockSize, chunk.count)])
      guard let end = pack(block: part, from: at, into: target) else { return nil }
      at = end
    }
    return at
  }

  private func pack(
    block: UnsafeRawBufferPointer, from start: Int, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    var source = block
    if isShuffled {
      let room = context.shuffled.bytes(block.count)
      shuffle(block, size: typeSize, into: room)
      source = UnsafeRawBufferPointer(room)
    }
    let count = block.count == blockSize ? streams : 1
    let size = block.count / count
    var at = start
    for stream in 0..<count {
      let part = UnsafeRawBufferPointer(rebasing: source[stream * size..<(stream + 1) * size])
      guard let end = pack(stream: part, plain: plain[stream], from: at, into: target) else {
        return nil
      }
      at = end
    }
    return at
  }

  /// A stream in its compressor's form, or as it is where that is not longer.
  private func pack(
    stream: UnsafeRawBufferPointer, plain: Bool, from start: Int,
    into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard start + 4 < target.count else { return nil }
    let room = UnsafeMutableRawBufferPointer(rebasing: target[(start + 4)...])
    let shorter = UnsafeMutableRawBufferPointer(
      rebasing: room[..<min(room.count, stream.count - 1)])
    var length = stream.count
    if let packed = compressed(stream, plain: plain, into: shorter) {
      length = packed
    } else {
      guard room.count >= length else { return nil }
      room.copyMemory(from: stream)
    }
    BloscFrame.put(length, at: start, in: target)
    return start + 4 + length
  }

  /// Bytes of a stream in `target`, or nil when it has no room.
  private func compressed(
    _ stream: UnsafeRawBufferPointer, plain: Bool, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    switch compressor {
    case .lz4:
      plain
        ? nil
        : context.lz4.compress(
          stream, into: target, acceleration: BloscFrame.acceleration(level))
    case .zstd:
      context.compress(
        stream, into: target, level: BloscFrame.zstdLevel(level), checksum: false, plain: plain)
    }
  }
}
