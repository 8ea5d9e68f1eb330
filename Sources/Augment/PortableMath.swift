/// Elementary functions of double precision in plain arithmetic.
///
/// A C library chooses its own by processor, and they differ in the last bit. What is drawn must be
/// the same everywhere, so it is computed with `+ − × ÷` alone, which IEEE 754 fixes. Errors are below
/// 1e-14 of the result.

/// e to the power `x`, for |x| ≤ 700.
package func exponential(_ x: Double) -> Double {
  let whole = (x * 1.4426950408889634).rounded()
  let rest = (x - whole * 0.693147180369123816490) - whole * 1.90821492927058770002e-10
  var sum = 1.0
  for n in stride(from: 15.0, through: 1, by: -1) { sum = 1 + rest / n * sum }
  return sum * Double(sign: .plus, exponent: Int(whole), significand: 1)
}

/// The natural logarithm of a positive number.
package func logarithm(_ x: Double) -> Double {
  let high = x.significand > 1.4142135623730951
  let mantissa = high ? x.significand / 2 : x.significand  // √½ … √2
  let exponent = Double(Int(x.exponent) + (high ? 1 : 0))
  let s = (mantissa - 1) / (mantissa + 1)
  var sum = 0.0
  for n in stride(from: 23.0, through: 1, by: -2) { sum = sum * s * s + 1 / n }
  return 2 * s * sum + exponent * 0.6931471805599453
}

/// The sine and cosine of an angle in degrees.
package func sineAndCosine(degrees: Double) -> (sine: Double, cosine: Double) {
  let quarter = (degrees / 90).rounded()
  let x = (degrees - 90 * quarter) * (Double.pi / 180)
  let q = x * x
  var (sine, cosine) = (1.0, 1.0)
  for n in stride(from: 18.0, through: 2, by: -2) {
    sine = 1 - q / (n * (n + 1)) * sine
    cosine = 1 - q / (n * (n - 1)) * cosine
  }
  sine *= x
  switch Int(quarter) & 3 {
  case 0: return (sine, cosine)
  case 1: return (cosine, -sine)
  case 2: return (-sine, -cosine)
  default: return (-cosine, sine)
  }
}
