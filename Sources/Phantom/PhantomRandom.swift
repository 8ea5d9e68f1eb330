/// Numbers that depend on (seed, patient, purpose) alone: SplitMix64 (Steele et al. 2014,
/// doi 10.1145/2660193.2660195). Only additions, products and roots follow, so that phantoms are
/// the same on every machine.
struct PhantomRandom {
  private var state: UInt64

  init(seed: UInt64, _ keys: UInt64...) {
    state = seed
    for key in keys { state = Self.mix(state ^ Self.mix(key &+ 0x9E37_79B9_7F4A_7C15)) }
  }

  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// Evenly from 0 to 1.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Evenly from `range`.
  mutating func within(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  /// Nearly normal with variance 1: the sum of four even numbers.
  mutating func noise() -> Double {
    let sum = unit() + unit() + unit() + unit()
    return (sum - 2) * 1.7320508075688772
  }

  /// A point of the ball with this radius.
  mutating func inBall(_ radius: Double) -> SIMD3<Double> {
    while true {
      let point = SIMD3(within(-1...1), within(-1...1), within(-1...1))
      if (point * point).sum() <= 1 { return point * radius }
    }
  }
}
