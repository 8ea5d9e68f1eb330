/// Squared distances in mm² from every voxel to the nearest voxel that is set; infinite when none
/// is.
///
/// Exact for any spacing: the lower envelope of parabolas, one axis after the other (Felzenszwalb
/// and Huttenlocher, *Distance transforms of sampled functions*, 2012, algorithm 1), with the
/// spacing as the width of the parabolas. Voxels are in C order `[z, y, x]`.
package func squaredDistances(
  to set: [Bool], size: SIMD3<Int>, spacing: SIMD3<Double>
) -> [Double] {
  var distances = set.map { $0 ? 0 : Double.infinity }
  let strides = SIMD3(1, size.x, size.x * size.y)
  var envelope = LowerEnvelope(longest: max(size.x, size.y, size.z))
  distances.withUnsafeMutableBufferPointer { voxels in
    guard let base = voxels.baseAddress else { return }
    for axis in 0..<3 where size[axis] > 1 {
      let (inner, outer) = axis == 0 ? (1, 2) : axis == 1 ? (0, 2) : (0, 1)
      for i in 0..<size[outer] {
        for j in 0..<size[inner] {
          let line = base + i * strides[outer] + j * strides[inner]
          envelope.transform(line, stride: strides[axis], count: size[axis], step: spacing[axis])
        }
      }
    }
  }
  return distances
}

/// The parabolas that are lowest somewhere on a line, and where each begins to be.
private struct LowerEnvelope {
  private var heights: [Double]
  private var centres: [Int]
  private var starts: [Double]

  init(longest: Int) {
    heights = [Double](repeating: 0, count: longest)
    centres = [Int](repeating: 0, count: longest)
    starts = [Double](repeating: 0, count: longest)
  }

  /// Replaces each value f(p) of a line by the minimum over q of f(q) + (step · (p − q))².
  mutating func transform(
    _ line: UnsafeMutablePointer<Double>, stride: Int, count: Int, step: Double
  ) {
    for p in 0..<count { heights[p] = line[p &* stride] }
    let parabolas = build(count: count, square: step * step)
    guard parabolas > 0 else { return }
    var current = 0
    for p in 0..<count {
      while current &+ 1 < parabolas, starts[current &+ 1] <= Double(p) { current &+= 1 }
      let offset = step * Double(p &- centres[current])
      line[p &* stride] = heights[centres[current]] + offset * offset
    }
  }

  /// Finds the envelope of the finite heights and returns how many parabolas it has.
  private mutating func build(count: Int, square: Double) -> Int {
    var parabolas = 0
    for q in 0..<count where heights[q] < .infinity {
      var start = -Double.infinity
      while parabolas > 0 {
        start = crossing(centres[parabolas &- 1], q, square)
        guard start <= starts[parabolas &- 1] else { break }
        parabolas &-= 1
        start = -.infinity
      }
      centres[parabolas] = q
      starts[parabolas] = start
      parabolas &+= 1
    }
    return parabolas
  }

  /// Where the parabola of `q` begins to lie below that of `p`, `p` < `q`.
  private func crossing(_ p: Int, _ q: Int, _ square: Double) -> Double {
    let middle = Double(p + q) / 2
    return middle + (heights[q] - heights[p]) / (2 * square * Double(q - p))
  }
}
