extension Picture {
  /// The picture as a PNG file (ISO/IEC 15948): 8-bit RGB, every row filtered by `Up`, so that
  /// enlarged pixels become runs of zeros.
  public var png: [UInt8] {
    var header = bigEndian(UInt32(width)) + bigEndian(UInt32(height))
    header += [8, 2, 0, 0, 0]  // bits, RGB, deflate, adaptive filters, not interlaced
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", header) + chunk("IDAT", zlib(filteredRows)) + chunk("IEND", [])
  }

  private var filteredRows: [UInt8] {
    var rows: [UInt8] = []
    rows.reserveCapacity(height * (1 + 3 * width))
    for y in 0..<height {
      rows.append(2)  // filter `Up`: the difference from the pixel above
      for x in 0..<width {
        let (now, above) = (self[x, y], y > 0 ? self[x, y - 1] : .black)
        rows.append(now.red &- above.red)
        rows.append(now.green &- above.green)
        rows.append(now.blue &- above.blue)
      }
    }
    return rows
  }
}

private func bigEndian(_ value: UInt32) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}

private func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
  let typed = [UInt8](type.utf8) + body
  return bigEndian(UInt32(body.count)) + typed + bigEndian(crc32(typed))
}

private let crcTable: [UInt32] = (0..<256).map { byte in
  (0..<8).reduce(UInt32(byte)) { c, _ in c & 1 == 1 ? 0xEDB8_8320 ^ (c >> 1) : c >> 1 }
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(~0) { crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
}

private func adler32(_ bytes: [UInt8]) -> UInt32 {
  var (a, b): (UInt32, UInt32) = (1, 0)
  for byte in bytes {
    a = (a &+ UInt32(byte)) % 65_521
    b = (b &+ a) % 65_521
  }
  return b << 16 | a
}

/// A zlib stream (RFC 1950) around one deflate block.
private func zlib(_ bytes: [UInt8]) -> [UInt8] {
  var block = FixedBlock()
  block.write(bytes)
  return [0x78, 0x01] + block.finished() + bigEndian(adler32(bytes))
}

/// A deflate block with the fixed code (RFC 1951, 3.2.6) that knows literals and runs of one byte.
private struct FixedBlock {
  private var out: [UInt8] = []
  private var bits: UInt64 = 0
  private var filled: UInt64 = 0

  init() { put(0b011, 3) }  // last block, fixed code

  mutating func write(_ bytes: [UInt8]) {
    var at = 0
    while at < bytes.count {
      literal(UInt32(bytes[at]))
      var end = at + 1
      while end < bytes.count, bytes[end] == bytes[at] { end += 1 }
      var left = end - at - 1
      while left >= 3 {
        let length = min(left, 258)
        again(UInt64(length))
        left -= length
      }
      for _ in 0..<left { literal(UInt32(bytes[at])) }
      at = end
    }
  }

  mutating func finished() -> [UInt8] {
    put(0, 7)  // end of block
    put(0, (8 - filled % 8) % 8)
    return out
  }

  private mutating func literal(_ byte: UInt32) {
    if byte < 144 { code(0x30 + byte, 8) } else { code(0x190 + byte - 144, 9) }
  }

  /// Writes that the last byte comes `length` (3…258) times more: a length code and distance 1.
  private mutating func again(_ length: UInt64) {
    let over = length - 3
    if length == 258 {
      code(0xC5, 8)
    } else if over < 8 {
      code(UInt32(over) + 1, 7)
    } else {
      let extra = UInt64(61 - over.leadingZeroBitCount)
      let symbol = UInt32(265 + 4 * (extra - 1) + (over >> extra) - 4)
      if symbol < 280 { code(symbol - 256, 7) } else { code(0xC0 + symbol - 280, 8) }
      put(over & (1 << extra - 1), extra)
    }
    put(0, 5)
  }

  /// Writes a Huffman code, whose bits go out from the highest.
  private mutating func code(_ value: UInt32, _ length: UInt64) {
    var reversed: UInt64 = 0
    for bit in 0..<length where value >> bit & 1 == 1 { reversed |= 1 << (length - 1 - bit) }
    put(reversed, length)
  }

  private mutating func put(_ value: UInt64, _ count: UInt64) {
    bits |= value << filled
    filled += count
    while filled >= 8 {
      out.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
      filled -= 8
    }
  }
}
