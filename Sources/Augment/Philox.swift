/// Philox4x32-10: random numbers as a function of a key and a counter (Salmon et al.,
/// *Parallel random numbers: as easy as 1, 2, 3*, SC 2011).
///
/// A generator is keyed by a seed and the ordinal of a sample, so that what is drawn for a sample
/// is the same on any machine, for any number of threads, and can start at any step:
///
///     var generator = Philox(seed: 7, ordinal: step * batchSize + item)
///
/// Streams keep the numbers of different uses of the same ordinal apart. A stream holds 2³⁴ words.
public struct Philox: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var block: SIMD4<UInt32> = .zero
  private var taken = 4

  /// Numbers of sample `ordinal` in `stream` under `seed`.
  public init(seed: UInt64, ordinal: UInt64, stream: UInt32 = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(
      0, stream, UInt32(truncatingIfNeeded: ordinal), UInt32(truncatingIfNeeded: ordinal >> 32))
  }

  /// The four words at `counter` under `key`: ten rounds of the bijection (paper, section 4.2).
  public static func words(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let a = 0xD251_1F53 * UInt64(c[0])
      let b = 0xCD9E_8D57 * UInt64(c[2])
      c = SIMD4(
        UInt32(b >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: b),
        UInt32(a >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: a))
      k = SIMD2(k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85)
    }
    return c
  }

  /// The next 32 random bits.
  public mutating func word() -> UInt32 {
    if taken == 4 {
      block = Philox.words(counter, key: key)
      counter[0] &+= 1
      taken = 0
    }
    defer { taken += 1 }
    return block[taken]
  }

  /// Goes on as if so many words had been taken.
  package mutating func skip(_ words: Int) {
    let rest = words - (4 - taken)
    guard rest > 0 else { return taken += words }
    counter[0] &+= UInt32(truncatingIfNeeded: rest / 4)
    taken = 4
    for _ in 0..<rest % 4 { _ = word() }
  }

  /// The next 64 random bits: two words, the first the lower half.
  public mutating func next() -> UInt64 {
    let low = UInt64(word())
    return UInt64(word()) << 32 | low
  }

  /// A number in [0, 1) with 53 random bits; always two words.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number spread evenly over `range`.
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A number whose logarithm is spread evenly over `range`, which must be positive.
  public mutating func logUniform(in range: ClosedRange<Double>) -> Double {
    precondition(range.lowerBound > 0, "a logarithmic range must be positive")
    return range.lowerBound
      * exponential(logarithm(range.upperBound / range.lowerBound) * uniform())
  }

  /// True with the given probability; always two words.
  public mutating func chance(_ probability: Double) -> Bool {
    uniform() < probability
  }

  /// A whole number in `0..<count`.
  public mutating func index(below count: Int) -> Int {
    precondition(count > 0, "nothing to choose from")
    return min(Int(uniform() * Double(count)), count - 1)
  }

  /// Puts the items in a random order (Fisher–Yates).
  public mutating func shuffle<Item>(_ items: inout [Item]) {
    for last in stride(from: items.count - 1, to: 0, by: -1) {
      items.swapAt(last, index(below: last + 1))
    }
  }
}
