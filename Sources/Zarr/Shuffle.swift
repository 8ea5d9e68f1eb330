/// Puts the bytes of like weight of numbers of `size` bytes side by side, as Blosc's byte shuffle
/// does: all first bytes, then all second ones. Bytes behind the last whole number stay there.
func shuffle(
  _ source: UnsafeRawBufferPointer, size: Int, into target: UnsafeMutableRawBufferPointer
) {
  let count = source.count / size
  guard let from = source.baseAddress, let to = target.baseAddress else { return }
  switch size {
  case 2: shuffle2(from, to, count)
  case 4: shuffle4(from, to, count)
  default:
    for byte in 0..<size {
      var (i, at, row) = (0, byte, to + byte * count)
      while i < count {
        row.storeBytes(of: from.load(fromByteOffset: at, as: UInt8.self), as: UInt8.self)
        i &+= 1
        at &+= size
        row += 1
      }
    }
  }
  let rest = count * size
  (to + rest).copyMemory(from: from + rest, byteCount: source.count - rest)
}

/// Undoes ``shuffle(_:size:into:)``.
func unshuffle(
  _ source: UnsafeRawBufferPointer, size: Int, into target: UnsafeMutableRawBufferPointer
) {
  let count = source.count / size
  guard let from = source.baseAddress, let to = target.baseAddress else { return }
  switch size {
  case 2: unshuffle2(from, to, count)
  case 4: unshuffle4(from, to, count)
  default:
    for byte in 0..<size {
      var (i, at, row) = (0, byte, from + byte * count)
      while i < count {
        to.storeBytes(of: row.load(as: UInt8.self), toByteOffset: at, as: UInt8.self)
        i &+= 1
        at &+= size
        row += 1
      }
    }
  }
  let rest = count * size
  (to + rest).copyMemory(from: from + rest, byteCount: source.count - rest)
}

// Loops of this form become the processor's pack and unpack instructions; a `for` over a range and
// conversions that check their range do not.

private func shuffle2(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int
) {
  let low = to.assumingMemoryBound(to: UInt8.self)
  let high = low + count
  var i = 0
  while i < count {
    let word = from.loadUnaligned(fromByteOffset: i &* 2, as: UInt16.self)
    low[i] = UInt8(truncatingIfNeeded: word)
    high[i] = UInt8(truncatingIfNeeded: word &>> 8)
    i &+= 1
  }
}

private func unshuffle2(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int
) {
  let low = from.assumingMemoryBound(to: UInt8.self)
  let high = low + count
  var i = 0
  while i < count {
    let word = UInt16(truncatingIfNeeded: low[i]) | UInt16(truncatingIfNeeded: high[i]) &<< 8
    to.storeBytes(of: word, toByteOffset: i &* 2, as: UInt16.self)
    i &+= 1
  }
}

private func shuffle4(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int
) {
  let a = to.assumingMemoryBound(to: UInt8.self)
  let (b, c, d) = (a + count, a + 2 * count, a + 3 * count)
  var i = 0
  while i < count {
    let word = from.loadUnaligned(fromByteOffset: i &* 4, as: UInt32.self)
    a[i] = UInt8(truncatingIfNeeded: word)
    b[i] = UInt8(truncatingIfNeeded: word &>> 8)
    c[i] = UInt8(truncatingIfNeeded: word &>> 16)
    d[i] = UInt8(truncatingIfNeeded: word &>> 24)
    i &+= 1
  }
}

private func unshuffle4(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int
) {
  let a = from.assumingMemoryBound(to: UInt8.self)
  let (b, c, d) = (a + count, a + 2 * count, a + 3 * count)
  var i = 0
  while i < count {
    let low = UInt32(truncatingIfNeeded: a[i]) | UInt32(truncatingIfNeeded: b[i]) &<< 8
    let high = UInt32(truncatingIfNeeded: c[i]) | UInt32(truncatingIfNeeded: d[i]) &<< 8
    to.storeBytes(of: low | high &<< 16, toByteOffset: i &* 4, as: UInt32.self)
    i &+= 1
  }
}

/// Turns the bytes of each number of `size` bytes round.
func swapBytes(_ bytes: UnsafeMutableRawBufferPointer, size: Int) {
  for start in stride(from: 0, through: bytes.count - size, by: size) {
    for i in 0..<size / 2 { bytes.swapAt(start + i, start + size - 1 - i) }
  }
}
