/// Sixteen pixels at a time.
///
/// Only operators that become one instruction a register are used: minima by `replacing`, rounding
/// and conversion by adding 1.5 × 2²³, roots by Newton's steps. `.rounded()`, `.squareRoot()`,
/// `.clamped`, and conversions between vectors of floats and integers are loops over lanes.
typealias F16 = SIMD16<Float>
typealias I16 = SIMD16<Int32>
typealias U16 = SIMD16<UInt32>

private let magic: Float = 12_582_912

/// `a × b + c`, in one instruction where there is one.
@inline(__always) func fused(_ a: F16, _ b: F16, _ c: F16) -> F16 {
  #if FUSED
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

/// `a × b + c` with the same c in every lane.
@inline(__always) func fused(_ a: F16, _ b: F16, _ c: Float) -> F16 {
  fused(a, b, F16(repeating: c))
}

/// `a × b + c` with the same b and c in every lane.
@inline(__always) func fused(_ a: F16, _ b: Float, _ c: Float) -> F16 {
  fused(a, F16(repeating: b), F16(repeating: c))
}

@inline(__always) func load(_ p: UnsafePointer<Float>, _ i: Int) -> F16 {
  UnsafeRawPointer(p).loadUnaligned(fromByteOffset: i &* 4, as: F16.self)
}

@inline(__always) func store(_ v: F16, _ p: UnsafeMutablePointer<Float>, _ i: Int) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, toByteOffset: i &* 4, as: F16.self)
}

/// Each lane within `0...high`.
@inline(__always) func clamped(_ v: F16, _ high: Float) -> F16 {
  let low = v.replacing(with: 0, where: v .< 0)
  return low.replacing(with: high, where: low .> high)
}

/// A whole number k with k ≤ v ≤ k + 1, as a float, and as an integer; v in 0 ..< 2²².
@inline(__always) func floored(_ v: F16) -> (F16, I16) {
  let shifted = (v - 0.5) + magic
  return (shifted - magic, unsafeBitCast(shifted, to: I16.self) &- 0x4B40_0000)
}

/// Logarithm to base 2 of positive normal numbers, to about 2e-7: the exponent, and the series of
/// the inverse hyperbolic tangent for a mantissa in √½ … √2.
@inline(__always) func log2(_ v: F16) -> F16 {
  let bits = unsafeBitCast(v, to: I16.self)
  let exponent = (bits &- 0x3F35_04F3) &>> 23
  let mantissa = unsafeBitCast(bits &- (exponent &<< 23), to: F16.self)
  let whole = unsafeBitCast(exponent &+ 0x4B40_0000, to: F16.self) - magic
  let s = (mantissa - 1) / (mantissa + 1)
  let q = s * s
  var series = fused(q, 0.320_598_89, 0.412_198_58)  // 2/(9 ln 2), 2/(7 ln 2)
  series = fused(series, q, 0.577_078_02)
  series = fused(series, q, 0.961_796_7)
  series = fused(series, q, 2.885_390_1)
  return fused(s, series, whole)
}

/// Two to the power `v`, for −126 ≤ v ≤ 127, to about 2e-7 of the result.
@inline(__always) func exp2(_ v: F16) -> F16 {
  let shifted = v + magic
  let part = v - (shifted - magic)
  var series = fused(part, 1.540_353e-4, 1.333_355_8e-3)
  series = fused(series, part, 9.618_129e-3)
  series = fused(series, part, 5.550_411e-2)
  series = fused(series, part, 2.402_265_1e-1)
  series = fused(series, part, 6.931_472e-1)
  series = fused(series, part, 1)
  let exponent = (unsafeBitCast(shifted, to: I16.self) &- 0x4B40_0000) &<< 23
  return unsafeBitCast(unsafeBitCast(series, to: I16.self) &+ exponent, to: F16.self)
}

/// `v` to the power `exponent`, for v ≥ 0 and an exponent of 0.1 to 10; below 1e-12 it is 0.
@inline(__always) func power(_ v: F16, _ exponent: Float) -> F16 {
  let tiny = v .< 1e-12
  let logarithm = log2(v.replacing(with: 1e-12, where: tiny)) * exponent
  return exp2(logarithm.replacing(with: -126, where: logarithm .< -126))
    .replacing(with: 0, where: tiny)
}

/// The square root of v ≥ 0, to about 2e-7 of the result: three of Newton's steps.
@inline(__always) func squareRoot(_ v: F16) -> F16 {
  let guess = 0x5F37_59DF &- (unsafeBitCast(v, to: I16.self) &>> 1)
  var inverse = unsafeBitCast(guess, to: F16.self)
  let half = v * -0.5
  inverse = inverse * fused(half * inverse, inverse, 1.5)
  inverse = inverse * fused(half * inverse, inverse, 1.5)
  inverse = inverse * fused(half * inverse, inverse, 1.5)
  return v * inverse
}

/// The sine of `turns` full turns, for turns in −¼ … ¼, to about 1e-7.
@inline(__always) private func sineOfQuarter(_ turns: F16) -> F16 {
  let a = turns * 6.283_185_3
  let q = a * a
  var series = fused(q, -2.505_210_8e-8, 2.755_731_9e-6)
  series = fused(series, q, -1.984_127e-4)
  series = fused(series, q, 8.333_333e-3)
  series = fused(series, q, -1.666_666_7e-1)
  return fused(a * q, series, a)
}

/// Each lane's absolute value.
@inline(__always) private func magnitude(_ v: F16) -> F16 {
  unsafeBitCast(unsafeBitCast(v, to: U16.self) & 0x7FFF_FFFF, to: F16.self)
}

/// Thirty-two bits that look random, as a function of a counter (Wellons' `lowbias32`).
@inline(__always) private func scrambled(_ counter: U16) -> U16 {
  var h = counter
  h ^= h &>> 16
  h = h &* 0x7FEB_352D
  h ^= h &>> 15
  h = h &* 0x846C_A68B
  return h ^ (h &>> 16)
}

/// Bits as a number in [0, 1), 23 of them.
@inline(__always) private func unit(_ bits: U16) -> F16 {
  unsafeBitCast((bits &>> 9) | 0x3F80_0000, to: F16.self) - 1
}

/// Two independent normal numbers a lane (Box and Muller), a function of seed and counter.
@inline(__always) func normals(_ seed: UInt32, _ counter: U16) -> (F16, F16) {
  let first = scrambled(scrambled(counter) ^ seed)
  let second = scrambled(first &+ 0x9E37_79B9)
  let radius = squareRoot(log2(unit(first) + 0x1p-24) * -1.386_294_4)  // −2 ln u
  let turn = unit(second) - 0.5
  let size = magnitude(turn)
  let cosine = sineOfQuarter(0.25 - size)
  let sign = unsafeBitCast(turn, to: U16.self) & 0x8000_0000
  let folded = sineOfQuarter(0.25 - magnitude(size - 0.25))
  let sine = unsafeBitCast(unsafeBitCast(folded, to: U16.self) ^ sign, to: F16.self)
  return (radius * cosine, radius * sine)
}
