/// How a mask on another grid is brought to its volume's.
public enum LabelResampling: String, Sendable, Codable, CaseIterable {
  /// The class of the mask's nearest voxel.
  case nearest
  /// The most frequent class among points spread evenly over the volume's voxel, as many along each
  /// axis as voxels of the mask fit in it (at most 8); the lowest of equally frequent ones.
  case majority
}

extension LabelMap {
  /// The mask on another grid; what lies outside of the mask becomes 0.
  public func resampled(to target: Grid, by method: LabelResampling) -> LabelMap {
    let toMask = grid.affine.inverse * target.affine
    let counts = method == .nearest ? SIMD3(1, 1, 1) : Self.points(toMask)
    let offsets = Self.offsets(counts, toMask)
    var result = [UInt16](repeating: 0, count: target.count)
    var votes = Votes()
    var at = 0
    for z in 0..<target.size.z {
      for y in 0..<target.size.y {
        for x in 0..<target.size.x {
          let centre = toMask(SIMD3(Double(x), Double(y), Double(z)))
          if offsets.count == 1 {
            result[at] = label(at: centre)
          } else {
            votes.clear()
            for offset in offsets { votes.add(label(at: centre + offset)) }
            result[at] = votes.winner
          }
          at += 1
        }
      }
    }
    return LabelMap(grid: target, labels: result, names: names)
  }

  /// The class of the voxel that holds a point; 0 outside.
  private func label(at point: SIMD3<Double>) -> UInt16 {
    // Points half-way between two voxels go to the upper one, whatever the last bits say.
    let place = (point + 0.5 + 1e-9).rounded(.down)
    guard place.x >= 0, place.y >= 0, place.z >= 0, place.x < Double(grid.size.x),
      place.y < Double(grid.size.y), place.z < Double(grid.size.z)
    else { return 0 }
    return labels[(Int(place.z) * grid.size.y + Int(place.y)) * grid.size.x + Int(place.x)]
  }

  /// Voxels of the mask along each edge of a target's voxel, 1 to 8.
  private static func points(_ toMask: Affine) -> SIMD3<Int> {
    func count(_ edge: SIMD3<Double>) -> Int {
      let longest = max(abs(edge.x), abs(edge.y), abs(edge.z))
      return Int(min(max((longest - 1e-6).rounded(.up), 1), 8))
    }
    return SIMD3(count(toMask.x), count(toMask.y), count(toMask.z))
  }

  private static func offsets(_ counts: SIMD3<Int>, _ toMask: Affine) -> [SIMD3<Double>] {
    func parts(_ count: Int) -> [Double] {
      (0..<count).map { (Double($0) + 0.5) / Double(count) - 0.5 }
    }
    return parts(counts.z).flatMap { z in
      parts(counts.y).flatMap { y in
        parts(counts.x).map { x in toMask.x * x + toMask.y * y + toMask.z * z }
      }
    }
  }
}

/// Counts of the few classes within one voxel.
private struct Votes {
  private var counts: [(label: UInt16, count: Int)] = []

  mutating func clear() { counts.removeAll(keepingCapacity: true) }

  mutating func add(_ label: UInt16) {
    for place in counts.indices where counts[place].label == label {
      counts[place].count += 1
      return
    }
    counts.append((label, 1))
  }

  var winner: UInt16 {
    var best: (label: UInt16, count: Int) = (0, 0)
    for one in counts where (one.count, best.label) > (best.count, one.label) { best = one }
    return best.label
  }
}
