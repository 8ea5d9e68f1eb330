import Augment

/// A random order of `0 ..< count` that is computed place by place and takes no memory: a Feistel
/// network over the next power of four, walked until it lands inside (Black and Rogaway, *Ciphers
/// with arbitrary finite domains*, CT-RSA 2002, section 4).
package struct Permutation {
  private let count: UInt64
  private let bits: UInt64
  private let keys: (SIMD4<UInt32>, SIMD4<UInt32>)

  /// The order that follows from a key: the same numbers, the same order.
  package init(count: Int, seed: UInt64, stream: UInt32, epoch: Int, part: Int) {
    self.count = UInt64(count)
    let width = UInt64(UInt64.bitWidth - UInt64(max(count - 1, 1)).leadingZeroBitCount)
    bits = (width + 1) / 2
    let key = SIMD2(
      UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    func words(_ n: UInt32) -> SIMD4<UInt32> {
      let high = UInt32(truncatingIfNeeded: part >> 32) &* 2 &+ n
      let place = SIMD4(
        UInt32(truncatingIfNeeded: part), high &* 0x100 &+ stream,
        UInt32(truncatingIfNeeded: epoch), UInt32(truncatingIfNeeded: epoch >> 32) ^ 0x8000_0000)
      return Philox.words(place, key: key)
    }
    keys = (words(0), words(1))
  }

  /// What stands at a place.
  package subscript(place: Int) -> Int {
    guard count > 1 else { return 0 }
    var value = UInt64(place)
    repeat { value = walked(value) } while value >= count
    return Int(value)
  }

  private func walked(_ value: UInt64) -> UInt64 {
    let mask = (1 as UInt64) << bits - 1
    var (left, right) = (value >> bits, value & mask)
    for round in 0..<8 {
      let key = round < 4 ? keys.0[round] : keys.1[round - 4]
      (left, right) = (right, left ^ (mixed(right, key) & mask))
    }
    return left << bits | right
  }

  private func mixed(_ half: UInt64, _ key: UInt32) -> UInt64 {
    var h = (half ^ UInt64(key)) &* 0x9E37_79B9_7F4A_7C15
    h ^= h >> 32
    h = h &* 0xD6E8_FEB8_6659_FD93
    return h >> 32
  }
}
