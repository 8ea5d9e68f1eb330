import CStorage

/// Puts the bytes of like weight of numbers of `size` bytes side by side, as Blosc's byte shuffle
/// does: all first bytes, then all second ones. Bytes behind the last whole number stay there.
func shuffle(
  _ source: UnsafeRawBufferPointer, size: Int, into target: UnsafeMutableRawBufferPointer
) {
  let count = source.count / size
  guard let from = source.baseAddress, let to = target.baseAddress else { return }
  switch size {
  case 2: cstorage_shuffle2(from, to.assumingMemoryBound(to: UInt8.self), count)
  case 4: cstorage_shuffle4(from, to.assumingMemoryBound(to: UInt8.self), count)
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
  case 2: cstorage_unshuffle2(from.assumingMemoryBound(to: UInt8.self), to, count)
  case 4: cstorage_unshuffle4(from.assumingMemoryBound(to: UInt8.self), to, count)
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

/// Turns the bytes of each number of `size` bytes round.
func swapBytes(_ bytes: UnsafeMutableRawBufferPointer, size: Int) {
  for start in stride(from: 0, through: bytes.count - size, by: size) {
    for i in 0..<size / 2 { bytes.swapAt(start + i, start + size - 1 - i) }
  }
}
