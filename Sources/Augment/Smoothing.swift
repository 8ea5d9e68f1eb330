import Foundation

/// Blurs an image in place by a separable Gaussian, its edge repeated.
///
/// The kernel reaches three sigmas; sigma is in pixels, and 0 leaves the image as it is.
func blur(
  _ image: UnsafeMutableBufferPointer<Float>, width: Int, height: Int, sigma: Double
) {
  guard sigma > 0 else { return }
  let reach = max(Int((3 * sigma).rounded(.up)), 1)
  let taps = gaussian(sigma: sigma, reach: reach)
  let start = image.baseAddress!
  withUnsafeTemporaryAllocation(of: Float.self, capacity: width * height + width + 2 * reach) {
    room in
    let down = room.baseAddress!
    let line = down + width * height
    for y in 0..<height {
      (down + y * width).initialize(repeating: 0, count: width)
      for (k, tap) in taps.enumerated() {
        let from = min(max(y + k - reach, 0), height - 1)
        add(start + from * width, times: tap, to: down + y * width, count: width)
      }
    }
    for y in 0..<height {
      let row = down + y * width
      line.initialize(repeating: row[0], count: reach)
      (line + reach).initialize(from: row, count: width)
      (line + reach + width).initialize(repeating: row[width - 1], count: reach)
      (start + y * width).update(repeating: 0, count: width)
      for (k, tap) in taps.enumerated() {
        add(line + k, times: tap, to: start + y * width, count: width)
      }
    }
  }
}

private func add(
  _ source: UnsafePointer<Float>, times factor: Float, to target: UnsafeMutablePointer<Float>,
  count: Int
) {
  var i = 0
  while i < count {
    target[i] += source[i] * factor
    i &+= 1
  }
}

/// The weights of a Gaussian at −reach … reach, their sum 1.
func gaussian(sigma: Double, reach: Int) -> [Float] {
  let weights = (-reach...reach).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
  let sum = weights.reduce(0, +)
  return weights.map { Float($0 / sum) }
}

/// Lowers the resolution of an image in place: means over cells of `factor` pixels, interpolated
/// linearly back to the image's own grid. A factor of 1 or less leaves it as it is.
func coarsen(
  _ image: UnsafeMutableBufferPointer<Float>, width: Int, height: Int, factor: Double
) {
  guard factor > 1 else { return }
  let columns = max(Int((Double(width) / factor).rounded()), 1)
  let rows = max(Int((Double(height) / factor).rounded()), 1)
  withUnsafeTemporaryAllocation(of: Float.self, capacity: columns * rows) { small in
    for row in 0..<rows {
      let ys = row * height / rows..<max((row + 1) * height / rows, row * height / rows + 1)
      for column in 0..<columns {
        let first = column * width / columns
        let xs = first..<max((column + 1) * width / columns, first + 1)
        var sum: Float = 0
        for y in ys { for x in xs { sum += image[y * width + x] } }
        small.initializeElement(at: row * columns + column, to: sum / Float(ys.count * xs.count))
      }
    }
    for y in 0..<height {
      let (top, down) = neighbour(y, of: height, in: rows)
      let bottom = min(top + 1, rows - 1)
      for x in 0..<width {
        let (left, across) = neighbour(x, of: width, in: columns)
        let right = min(left + 1, columns - 1)
        let upper = mix(small[top * columns + left], small[top * columns + right], across)
        let lower = mix(small[bottom * columns + left], small[bottom * columns + right], across)
        image[y * width + x] = mix(upper, lower, down)
      }
    }
  }
}

/// The coarse cell at or before pixel `i`, and how far towards the next one it lies.
private func neighbour(_ i: Int, of count: Int, in cells: Int) -> (Int, Float) {
  let place = (Double(i) + 0.5) * Double(cells) / Double(count) - 0.5
  let inside = min(max(place, 0), Double(cells - 1))
  return (Int(inside), Float(inside - Double(Int(inside))))
}

private func mix(_ a: Float, _ b: Float, _ part: Float) -> Float { a + (b - a) * part }
