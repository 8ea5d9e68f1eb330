import Imaging

/// A bent tube that tapers, like a hippocampus: a chain of balls along a parabola.
struct CurvedOrgan {
  /// Where along the tube, from 0 to 1, its first part ends.
  var border: Double
  /// Its radius at the thick end in mm.
  var thickness: Double
  private var spine: [SIMD3<Double>]
  private var low: SIMD3<Double>
  private var high: SIMD3<Double>

  init(_ random: inout PhantomRandom, head: SIMD3<Double>) {
    thickness = random.within(10...13)
    border = random.within(0.38...0.55)
    let side = random.unit() < 0.5 ? -1.0 : 1.0
    let middle =
      head
      + SIMD3(
        side * random.within(22...32), random.within(-14...14), random.within(-20...0))
    let tilt = (random.within(-0.45...0.45), random.within(-0.6...0.6))
    let ahead = Self.unit(SIMD3(tilt.0, -1, tilt.1))  // towards the face
    let bend = Self.unit(cross(ahead, SIMD3(0.8 * side, 0, 1)) * side)
    let (half, sag) = (random.within(20...28), random.within(9...16))
    spine = (0...24).map { step in
      let s = 1 - Double(step) / 12  // 1 at the front, −1 at the back
      return middle + ahead * (half * s) + bend * (sag * (0.5 - s * s))
    }
    low = spine.reduce(spine[0]) { pointwiseMin($0, $1) } - 22
    high = spine.reduce(spine[0]) { pointwiseMax($0, $1) } + 22
  }

  private static func unit(_ vector: SIMD3<Double>) -> SIMD3<Double> { vector / vector.norm }

  /// Distance to the spine in mm.
  func distance(_ point: SIMD3<Double>) -> Double { nearest(point).distance }

  /// How much of a voxel is inside, and how far along the tube it lies, from 0 to 1.
  func cover(_ point: SIMD3<Double>) -> (inside: Double, along: Double) {
    guard isNear(point) else { return (0, 1) }
    let (distance, along) = nearest(point)
    let radius = thickness * (1 - 0.45 * along)
    return (smooth((radius - distance) / 1.5 + 0.5), along)
  }

  /// 1 inside and close to the tube, falling to 0 within some millimetres.
  func halo(_ point: SIMD3<Double>) -> Double {
    guard isNear(point) else { return 0 }
    let (distance, along) = nearest(point)
    return (thickness * (1 - 0.45 * along) + 9 - distance) / 5
  }

  private func isNear(_ point: SIMD3<Double>) -> Bool {
    all(point .> low) && all(point .< high)
  }

  private func nearest(_ point: SIMD3<Double>) -> (distance: Double, along: Double) {
    var (best, at) = (Double.infinity, 0.0)
    for index in 0..<spine.count - 1 {
      let (start, edge) = (spine[index], spine[index + 1] - spine[index])
      let t = min(max(((point - start) * edge).sum() / (edge * edge).sum(), 0), 1)
      let difference = point - start - edge * t
      let square = (difference * difference).sum()
      if square < best { (best, at) = (square, Double(index) + t) }
    }
    return (best.squareRoot(), at / Double(spine.count - 1))
  }
}
