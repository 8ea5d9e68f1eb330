import Zarr

/// Writes Blosc frames whose blocks and streams are nearly right: counts and places that lie, streams
/// as they are, as zstd frames and LZ4 blocks of the right or of another length, and nonsense.
enum FrameGrammar {
  static let sizes = [8192, 8192, 5000, 512, 33, 1]

  /// A frame that says that it unpacks into `count` bytes.
  static func frame(_ program: inout Program, count: Int) -> [UInt8] {
    if program.rarely(4) { return edited(&program, count: count) }
    let typeSize = program.pick([2, 1, 4, 8, 3, 16, 17, 0])
    let blockSize = program.pick([count, 1024, 256, 1000, 1, 1 << 20, 0])
    let flags = program.pick(
      [0x81, 0x80, 0x91, 0x90, 0x82, 0x84, 0x21, 0x20, 0x31, 0x24, 0x01] as [UInt8])
    let blocks = min(blockSize == 0 ? 0 : (count + blockSize - 1) / blockSize, 64)
    let isSplit = flags & 16 == 0 && (1...16).contains(typeSize) && blockSize / typeSize >= 128
    var (starts, body): ([Int], [UInt8]) = ([], [])
    for block in 0..<blocks {
      let size = min(blockSize, count - block * blockSize)
      let streams = isSplit && size == blockSize ? typeSize : 1
      starts.append(16 + 4 * blocks + body.count)
      for _ in 0..<streams {
        body += stream(&program, size: size / streams, lz4: flags >> 5 == 1)
      }
    }
    let numbers = starts.map { lying(&program, $0) }
    let end = lying(&program, 16 + 4 * blocks + body.count)
    return [2, 1, flags, UInt8(typeSize)] + word(count) + word(lying(&program, blockSize))
      + word(end) + numbers.flatMap(word) + body
  }

  /// What the store writes, with some of its words changed.
  private static func edited(_ program: inout Program, count: Int) -> [UInt8] {
    let codec = ChunkCodec.blosc(
      program.pick(["zstd", "lz4"]), level: 1, typeSize: program.pick([2, 4, 1, 8]))
    var frame = codec.encode(noise(&program, count))
    for _ in 0..<program.choice(4) {
      let place = Int(program.number() >> 8) % frame.count
      let bytes = program.rarely(2) ? word(lying(&program, frame.count)) : [program.byte()]
      frame.replaceSubrange(place..<min(frame.count, place + bytes.count), with: bytes)
    }
    return frame
  }

  private static func stream(_ program: inout Program, size: Int, lz4: Bool) -> [UInt8] {
    var bytes: [UInt8]
    switch program.choice(5) {
    case 0: bytes = noise(&program, size)
    case 1: bytes = program.remainder(program.choice(64))
    case 2: bytes = packed(noise(&program, program.choice(256) * 40), lz4: lz4)
    default: bytes = packed(noise(&program, size), lz4: lz4)
    }
    if program.rarely(16), !bytes.isEmpty {
      bytes[Int(program.number() >> 8) % bytes.count] ^= 1 << UInt8(program.choice(8))
    }
    return word(lying(&program, bytes.count)) + bytes
  }

  /// A zstd frame, or the LZ4 block of a Blosc frame of one stream.
  private static func packed(_ bytes: [UInt8], lz4: Bool) -> [UInt8] {
    guard lz4 else { return ChunkCodec.zstd(level: 1).encode(bytes) }
    let codec = ChunkCodec(.blosc(name: "lz4", level: 9, shuffle: .noshuffle, typeSize: 1))
    return Array(codec.encode(bytes).dropFirst(24))
  }

  /// A few bytes, again and again.
  private static func noise(_ program: inout Program, _ count: Int) -> [UInt8] {
    let piece = program.bytes(1 + program.choice(12))
    return (0..<count).map { piece[$0 % piece.count] &+ UInt8(truncatingIfNeeded: $0 >> 7) }
  }

  /// The number, or seldom another.
  private static func lying(_ program: inout Program, _ number: Int) -> Int {
    guard program.rarely(24) else { return number }
    return program.pick([
      0, 1, number + 1, number - 1, 2 * number, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
      Int(program.number()),
    ])
  }

  private static func word(_ number: Int) -> [UInt8] {
    let bits = UInt32(truncatingIfNeeded: number)
    return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
  }
}
