import Foundation

/// The learning rate of a step: rises evenly over the first `warmUp` steps, then falls by half a cosine to `floor`.
///
/// `base · ½(1 + cos(π t))`, t from 0 to 1 over the steps after the warm-up (Loshchilov and Hutter, SGDR, eq. 5, without
/// restarts). The first step of a warm-up of n has base / n.
public func cosineRate(
  _ base: Double, step: Int, of steps: Int, warmUp: Int = 0, floor: Double = 0
) -> Double {
  if step < warmUp { return base * Double(step + 1) / Double(warmUp) }
  let t = min(1, Double(step - warmUp) / Double(max(1, steps - warmUp)))
  return floor + (base - floor) * 0.5 * (1 + cos(.pi * t))
}

/// The learning rate of a step that falls as (1 − step / steps) to a power (nnU-Net's schedule: 0.9).
public func polynomialRate(
  _ base: Double, step: Int, of steps: Int, warmUp: Int = 0, power: Double = 0.9
) -> Double {
  if step < warmUp { return base * Double(step + 1) / Double(warmUp) }
  let t = min(1, Double(step - warmUp) / Double(max(1, steps - warmUp)))
  return base * pow(1 - t, power)
}
