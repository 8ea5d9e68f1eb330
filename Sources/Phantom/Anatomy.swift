import Imaging

/// One synthetic head as functions of the place in the patient (LPS, mm): what is there, and how
/// bright it is.
///
/// A head with skull, brain and ventricles holds a curved organ in two parts (classes 1 and 2) and
/// a lesion (class 3). Balls as bright as the organ lie elsewhere, the organ moves, turns and
/// changes its size, and brightness is on no common scale: neither place nor intensity alone
/// gives the labels.
struct Anatomy {
  /// What the classes are called.
  static let labelNames = [1: "organ anterior", 2: "organ posterior", 3: "lesion"]

  var centre: SIMD3<Double>
  var headRadii: SIMD3<Double>
  var ventricles: [Ball]
  var decoys: [Ball]
  var lesion: Ball
  var lesionLobe: Ball
  var organ: CurvedOrgan
  var folds: [(direction: SIMD3<Double>, phase: Double)]
  var bias: [Double]
  var scale: Double
  var levels: Levels

  /// An ellipsoid.
  struct Ball {
    var centre: SIMD3<Double>
    var radii: SIMD3<Double>

    /// 1 in the middle, 0 on the surface, negative outside.
    func depth(_ point: SIMD3<Double>) -> Double {
      let d = (point - centre) / radii
      return 1 - (d * d).sum()
    }

    /// How much of a voxel at `point` is inside, with an edge about `edge` mm wide.
    func cover(_ point: SIMD3<Double>, edge: Double = 1.5) -> Double {
      let steepness = 2 / radii.min()
      return smooth(depth(point) / (steepness * edge) + 0.5)
    }
  }

  /// Brightness of tissues relative to white matter.
  struct Levels {
    var skull, fluid, grey, organ, lesion, noise: Double
  }

  init(seed: UInt64, patient: Int) {
    var random = PhantomRandom(seed: seed, UInt64(patient), 1)
    centre = random.inBall(6)
    headRadii = SIMD3(
      random.within(60...70), random.within(70...82), random.within(62...72))
    let lift = centre + SIMD3(0, 0, random.within(6...12))
    ventricles = [-1.0, 1.0].map { side in
      Ball(
        centre: lift + SIMD3(side * random.within(9...13), random.within(-4...6), 0),
        radii: SIMD3(random.within(4...8), random.within(18...26), random.within(7...11)))
    }
    organ = CurvedOrgan(&random, head: centre)
    lesion = Ball(centre: .zero, radii: SIMD3(repeating: 1))
    lesionLobe = lesion
    decoys = []
    folds = (0..<6).map { _ in (random.inBall(0.5), random.unit()) }
    bias = (0..<9).map { _ in random.within(-1...1) }
    scale = random.within(500...1500)
    levels = Levels(
      skull: random.within(0.3...0.5), fluid: random.within(0.25...0.4),
      grey: random.within(0.72...0.8), organ: random.within(1.1...1.22),
      lesion: random.within(1.4...1.65), noise: random.within(0.025...0.045))
    placeLesion(&random)
    placeDecoys(&random)
  }

  /// Somewhere in the brain, away from the organ.
  private mutating func placeLesion(_ random: inout PhantomRandom) {
    let radius = random.within(8...14)
    lesion.centre = freePlace(&random, clearance: radius + 6)
    lesion.radii =
      SIMD3(random.within(0.8...1.2), random.within(0.8...1.2), random.within(0.8...1.2)) * radius
    lesionLobe = Ball(
      centre: lesion.centre + random.inBall(radius * 0.7), radii: lesion.radii * 0.7)
  }

  /// Balls of the organ's brightness.
  private mutating func placeDecoys(_ random: inout PhantomRandom) {
    for _ in 0..<8 {
      let radius = random.within(5...9)
      let place = freePlace(&random, clearance: radius + 5)
      guard (place - lesion.centre).norm > 22 else { continue }
      decoys.append(Ball(centre: place, radii: SIMD3(repeating: radius)))
    }
  }

  private func freePlace(_ random: inout PhantomRandom, clearance: Double) -> SIMD3<Double> {
    var place = centre
    for _ in 0..<100 {
      place = centre + random.inBall(1) * (headRadii * 0.62) * SIMD3(1, 1, 0.75)
      if organ.distance(place) > clearance + organ.thickness { break }
    }
    return place
  }
}

extension Anatomy {
  /// The class of the tissue at a place.
  func label(_ point: SIMD3<Double>) -> UInt16 {
    if max(lesion.depth(point), lesionLobe.depth(point)) > 0 { return 3 }
    let (inside, along) = organ.cover(point)
    guard inside >= 0.5 else { return 0 }
    return along < organ.border ? 1 : 2
  }

  /// The signal at a place, before noise, in units of white matter.
  func signal(_ point: SIMD3<Double>) -> Double {
    let head = Ball(centre: centre, radii: headRadii)
    let brain = Ball(centre: centre, radii: headRadii - 9)
    let brightness = tissue(point)
    let inside = brain.cover(point)
    let skull = head.cover(point) * levels.skull
    return (skull + (brightness - skull) * inside) * field(point)
  }

  private func tissue(_ point: SIMD3<Double>) -> Double {
    let depth = Ball(centre: centre, radii: headRadii - 9).depth(point)
    let cortex = smooth((0.42 + 0.18 * fold(point) - depth) * 4 + 0.5)
    var value = 1 + (levels.grey - 1) * cortex
    let (organCover, along) = organ.cover(point)
    let halo = smooth(organ.halo(point))
    value += (levels.grey - value) * halo * 0.8  // the organ lies in grey matter
    for ventricle in ventricles { value += (levels.fluid - value) * ventricle.cover(point) }
    for decoy in decoys { value += (levels.organ - value) * decoy.cover(point) }
    let organLevel = levels.organ * (along < organ.border ? 1 : 0.94)
    value += (organLevel - value) * organCover
    let spot = max(lesion.cover(point), lesionLobe.cover(point))
    return value + (levels.lesion - value) * spot
  }

  /// A sum of triangle waves: the folds of the cortex, between −1 and 1.
  private func fold(_ point: SIMD3<Double>) -> Double {
    var sum = 0.0
    for (direction, phase) in folds {
      let turns = (direction * point).sum() * 0.12 + phase
      let rest = turns - turns.rounded(.down)
      sum += abs(rest * 4 - 2) - 1
    }
    return sum / Double(folds.count)
  }

  /// The coil's sensitivity: a polynomial of the second degree, about ±20 %.
  private func field(_ point: SIMD3<Double>) -> Double {
    let p = (point - centre) / 90
    var sum = bias[0] * p.x + bias[1] * p.y + bias[2] * p.z
    sum += 0.5 * (bias[3] * p.x * p.x + bias[4] * p.y * p.y + bias[5] * p.z * p.z)
    sum += 0.5 * (bias[6] * p.x * p.y + bias[7] * p.y * p.z + bias[8] * p.x * p.z)
    return max(0.5, 1 + 0.15 * sum)
  }
}

/// 0 below 0, 1 above 1, and a smooth step between.
func smooth(_ value: Double) -> Double {
  let t = min(max(value, 0), 1)
  return t * t * (3 - 2 * t)
}

extension SIMD3<Double> {
  /// Euclidean length.
  var norm: Double { (self * self).sum().squareRoot() }
}
