/// What the kernel needs to know of one channel's intensities, all in single precision.
///
/// A plain value, so that the kernel is a pure function over pointers that can be compiled for
/// several instruction sets.
struct IntensityConstants {
  /// From stored values to 0…1 of the slice's range, then gamma, then to real values.
  var gamma: Float = 1
  var toUnit: (scale: Float, offset: Float) = (1, 0)
  /// From what gamma leaves (or from stored values, without gamma) to the result.
  var scale: Float = 1
  var offset: Float = 0
  /// The noise's standard deviation in real values, and the floor of a Rician's magnitude.
  var noise: Float = 0
  var rician = false
  var floor: Float = 0
  var seed: UInt32 = 0

  /// Works out the constants for one channel of a slice.
  init(_ intensity: ViewIntensity, _ slice: SlicePixels, channel: Int) {
    let known = slice.statistics[channel]
    let span = known.maximum - known.minimum
    let contrast = Float(intensity.contrast)
    let shift = known.mean * (1 - contrast) + Float(intensity.brightness) * known.deviation
    if intensity.gamma != 1, span > 0 {
      gamma = Float(intensity.gamma)
      toUnit = (slice.scale / span, (slice.offset - known.minimum) / span)
      (scale, offset) = (span * contrast, known.minimum * contrast + shift)
    } else {
      (scale, offset) = (slice.scale * contrast, slice.offset * contrast + shift)
    }
    noise = Float(intensity.noise) * known.deviation
    rician = intensity.noiseKind == .rician
    floor = known.minimum
    seed = intensity.noiseSeed &+ UInt32(truncatingIfNeeded: channel) &* 0x9E37_79B9
  }
}

/// Two neighbouring stored pixels in one load: the left one in the lower half.
@inline(__always) private func pair(_ p: UnsafeRawPointer, _ index: Int32) -> UInt32 {
  p.loadUnaligned(fromByteOffset: Int(index) &* 2, as: UInt32.self)
}

/// Sixteen pairs of neighbours as floats.
@inline(__always) private func pairs(_ p: UnsafeRawPointer, _ k: I16) -> (left: F16, right: F16) {
  let both = U16(
    pair(p, k[0]), pair(p, k[1]), pair(p, k[2]), pair(p, k[3]), pair(p, k[4]), pair(p, k[5]),
    pair(p, k[6]), pair(p, k[7]), pair(p, k[8]), pair(p, k[9]), pair(p, k[10]), pair(p, k[11]),
    pair(p, k[12]), pair(p, k[13]), pair(p, k[14]), pair(p, k[15]))
  let left = ((both & 0xFFFF) ^ 0x8000) | 0x4B00_0000  // 2²³ + 2¹⁵ + value
  let right = ((both &>> 16) ^ 0x8000) | 0x4B00_0000
  return (
    unsafeBitCast(left, to: F16.self) - 8_421_376, unsafeBitCast(right, to: F16.self) - 8_421_376
  )
}

/// Samples one row bilinearly from a plane of 16-bit pixels, as at the edge beyond the edge.
///
/// - Parameters:
///   - plane: stored pixels, `height × width`, at least 2×2.
///   - rows: the row's coordinates.
///   - out: room for the padded row; stored units.
func sampleRow(
  _ plane: UnsafePointer<Int16>, width: Int, height: Int, at rows: RowCoordinates,
  into out: UnsafeMutablePointer<Float>
) {
  let raw = UnsafeRawPointer(plane)
  let below = raw + 2 * width
  let (right, bottom) = (Float(width - 1), Float(height - 1))
  let (xs, ys) = (UnsafeRawPointer(rows.x), UnsafeRawPointer(rows.y))
  var i = 0
  while i < rows.count {
    let x = clamped(xs.loadUnaligned(fromByteOffset: i &* 4, as: F16.self), right)
    let y = clamped(ys.loadUnaligned(fromByteOffset: i &* 4, as: F16.self), bottom)
    let column = x.replacing(with: right - 0.5, where: x .> right - 0.5)
    let row = y.replacing(with: bottom - 0.5, where: y .> bottom - 0.5)
    let (left, kx) = floored(column)
    let (top, ky) = floored(row)
    let (fx, fy) = (x - left, y - top)
    let index = ky &* Int32(truncatingIfNeeded: width) &+ kx
    let (a, b) = pairs(raw, index)
    let (c, d) = pairs(below, index)
    let upper = a + (b - a) * fx
    let lower = c + (d - c) * fx
    UnsafeMutableRawPointer(out).storeBytes(
      of: upper + (lower - upper) * fy, toByteOffset: i &* 4, as: F16.self)
    i &+= 16
  }
}

/// Changes the intensities of one row in place: stored units in, real values out.
///
/// - Parameter first: the counter of the row's first pixel, which its noise is a function of.
func changeRow(
  _ row: UnsafeMutablePointer<Float>, count: Int, first: Int, _ constants: IntensityConstants
) {
  let raw = UnsafeMutableRawPointer(row)
  let lanes = U16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  var i = 0
  while i < count {
    var v = raw.loadUnaligned(fromByteOffset: i &* 4, as: F16.self)
    if constants.gamma != 1 {
      let unit = clamped(v * constants.toUnit.scale + constants.toUnit.offset, 1)
      v = power(unit, constants.gamma)
    }
    v = v * constants.scale + constants.offset
    if constants.noise > 0 {
      let counter = lanes &+ UInt32(truncatingIfNeeded: first &+ i)
      let (n, m) = normals(constants.seed, counter)
      if constants.rician {
        let (inPhase, quadrature) = (v - constants.floor + n * constants.noise, m * constants.noise)
        v = squareRoot(inPhase * inPhase + quadrature * quadrature) + constants.floor
      } else {
        v += n * constants.noise
      }
    }
    raw.storeBytes(of: v, toByteOffset: i &* 4, as: F16.self)
    i &+= 16
  }
}
