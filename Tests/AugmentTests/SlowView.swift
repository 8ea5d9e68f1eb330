import Augment
import Foundation

/// A view made slowly and in the plainest way, in double precision: what the kernel is held to.
struct SlowView {
  let view: CropView
  let stored: [Int16]
  let channels: Int
  let sliceWidth: Int
  let sliceHeight: Int
  let scale: Double
  let offset: Double

  private var width: Int { view.geometry.width }
  private var height: Int { view.geometry.height }
  private var intensity: ViewIntensity { view.intensity }

  /// C×height×width.
  func pixels() -> [Double] { (0..<channels).flatMap(channel) }

  private func channel(_ c: Int) -> [Double] {
    let count = sliceWidth * sliceHeight
    let real = stored[c * count..<(c + 1) * count].map { Double($0) * scale + offset }
    let mean = real.reduce(0, +) / Double(count)
    let deviation = (real.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
    let (low, high) = (real.min()!, real.max()!)
    var image = points.map { sampled(real, at: view.slicePoint(ofViewPoint: $0)) }
    if intensity.lowResolution > 1 { image = coarsened(image) }
    if intensity.blur > 0 { image = blurred(image) }
    for (i, point) in points.enumerated() {
      var v = image[i]
      if high > low {
        if intensity.gamma != 1 {
          let unit = min(max((v - low) / (high - low), 0), 1)
          v = pow(unit, intensity.gamma) * (high - low) + low
        }
        if let bias = intensity.bias {
          v = (v - low) * bias.factor(at: point, width: width, height: height) + low
        }
      }
      v = (v - mean) * intensity.contrast + mean + intensity.brightness * deviation
      if intensity.noise > 0 {
        v = noisy(v, i, intensity.noise * deviation, low, channel: c)
      }
      if let box = intensity.cutout, (box.x..<box.x + box.width).contains(i % width),
        (box.y..<box.y + box.height).contains(i / width)
      {
        v = mean
      }
      image[i] = v
    }
    return image
  }

  private var points: [SIMD2<Double>] {
    (0..<height).flatMap { y in (0..<width).map { x in SIMD2(Double(x), Double(y)) } }
  }

  private func sampled(_ image: [Double], at point: SIMD2<Double>) -> Double {
    let x = min(max(point.x, 0), Double(sliceWidth - 1))
    let y = min(max(point.y, 0), Double(sliceHeight - 1))
    let (i, j) = (Int(x), Int(y))
    let (right, below) = (min(i + 1, sliceWidth - 1), min(j + 1, sliceHeight - 1))
    let (a, b) = (x - Double(i), y - Double(j))
    func at(_ j: Int, _ i: Int) -> Double { image[j * sliceWidth + i] }
    return (1 - b) * ((1 - a) * at(j, i) + a * at(j, right))
      + b * ((1 - a) * at(below, i) + a * at(below, right))
  }

  /// Means over blocks of a coarser grid, then linearly between their centres.
  private func coarsened(_ image: [Double]) -> [Double] {
    let columns = max(Int((Double(width) / intensity.lowResolution).rounded()), 1)
    let rows = max(Int((Double(height) / intensity.lowResolution).rounded()), 1)
    var blocks = [Double](repeating: 0, count: rows * columns)
    for r in 0..<rows {
      for c in 0..<columns {
        let ys = r * height / rows..<(r + 1) * height / rows
        let xs = c * width / columns..<(c + 1) * width / columns
        let values = ys.flatMap { y in xs.map { x in image[y * width + x] } }
        blocks[r * columns + c] = values.reduce(0, +) / Double(values.count)
      }
    }
    return points.map { point in
      let x = (point.x + 0.5) * Double(columns) / Double(width) - 0.5
      let y = (point.y + 0.5) * Double(rows) / Double(height) - 0.5
      let (u, v) = (min(max(x, 0), Double(columns - 1)), min(max(y, 0), Double(rows - 1)))
      let (i, j) = (Int(u), Int(v))
      let (a, b) = (u - Double(i), v - Double(j))
      let (right, below) = (min(i + 1, columns - 1), min(j + 1, rows - 1))
      return (1 - b) * ((1 - a) * blocks[j * columns + i] + a * blocks[j * columns + right])
        + b * ((1 - a) * blocks[below * columns + i] + a * blocks[below * columns + right])
    }
  }

  /// A Gaussian cut at three sigmas, in both directions at once, edges repeated.
  private func blurred(_ image: [Double]) -> [Double] {
    let reach = Int((3 * intensity.blur).rounded(.up))
    let weights = (-reach...reach).map {
      exp(-Double($0 * $0) / (2 * intensity.blur * intensity.blur))
    }
    let total = weights.reduce(0, +)
    return (0..<width * height).map { at in
      var sum = 0.0
      for (j, down) in weights.enumerated() {
        let y = min(max(at / width + j - reach, 0), height - 1)
        for (i, across) in weights.enumerated() {
          let x = min(max(at % width + i - reach, 0), width - 1)
          sum += down * across * image[y * width + x]
        }
      }
      return sum / (total * total)
    }
  }

  private func noisy(
    _ v: Double, _ i: Int, _ sigma: Double, _ low: Double, channel: Int
  ) -> Double {
    let seed = intensity.noiseSeed &+ UInt32(channel) &* 0x9E37_79B9
    let padded = (width + 15) / 16 * 16
    let (row, x) = (i / width, i % width)
    if intensity.noiseKind == .rician {
      let (n, m) = normals(seed, UInt32(row * padded + x))
      return hypot(v - low + n * sigma, m * sigma) + low
    }
    let (n, m) = normals(seed, UInt32(row * padded + x / 32 * 32 + x % 16))
    return v + (x % 32 < 16 ? n : m) * sigma
  }

  private func normals(_ seed: UInt32, _ counter: UInt32) -> (Double, Double) {
    func scrambled(_ value: UInt32) -> UInt32 {
      var h = value
      h = (h ^ h >> 16) &* 0x7FEB_352D
      h = (h ^ h >> 15) &* 0x846C_A68B
      return h ^ h >> 16
    }
    let first = scrambled(scrambled(counter) ^ seed)
    let second = scrambled(first &+ 0x9E37_79B9)
    let u = Double(first >> 9) / 0x1p23 + 0x1p-24
    let turn = Double(second >> 9) / 0x1p23 - 0.5
    let radius = (-2 * log(u)).squareRoot()
    return (radius * cos(2 * .pi * turn), radius * sin(2 * .pi * turn))
  }
}
