import Imaging

/// The distances in mm from each surface voxel of one mask to the surface of another, both ways.
///
/// MedPy's definition: a surface voxel belongs to the mask and has, among its six face neighbours,
/// one that does not (beyond the edge of the image counts as outside); distances are between voxel
/// centres, scaled by the spacing along each axis. On a sheared grid they are those of the
/// unsheared one.
public struct SurfaceDistances: Sendable, Equatable {
  /// From the surface voxels of the mask to the surface of the reference, mm.
  public var toReference: [Double]
  /// From the surface voxels of the reference to the surface of the mask, mm.
  public var toMask: [Double]

  /// Measures one class; nil when it is missing from either mask, since then no distance exists.
  ///
  /// Both maps must have the same size; the spacing is that of the reference.
  public init?(_ mask: LabelMap, _ reference: LabelMap, label: Int) {
    precondition(mask.grid.size == reference.grid.size, "masks of different size")
    let boxes = [Box(mask, label), Box(reference, label)].compactMap { $0 }
    guard boxes.count == 2 else { return nil }
    let box = boxes[0].union(boxes[1])
    let ours = box.surface(of: mask, label)
    let theirs = box.surface(of: reference, label)
    let spacing = reference.grid.affine.spacing
    toReference = distances(from: ours, to: theirs, size: box.size, spacing: spacing)
    toMask = distances(from: theirs, to: ours, size: box.size, spacing: spacing)
  }

  /// The 95th percentile of both sets of distances together, mm (MedPy's `hd95`).
  public var hd95: Double { quantile(toReference + toMask, 0.95) }

  /// The largest distance, mm: the Hausdorff distance.
  public var hausdorff: Double { max(toReference.max() ?? 0, toMask.max() ?? 0) }

  /// The average symmetric surface distance, mm: the mean of both sets of distances together
  /// (MedPy's `assd` since 0.5; earlier versions averaged the two one-way means).
  public var assd: Double {
    let all = toReference + toMask
    return all.isEmpty ? 0 : all.reduce(0, +) / Double(all.count)
  }
}

/// The smallest box of voxels that holds a class.
private struct Box {
  var low, high: SIMD3<Int>

  var size: SIMD3<Int> { high &- low &+ SIMD3(1, 1, 1) }

  /// Nil when the class does not occur.
  init?(_ map: LabelMap, _ label: Int) {
    let size = map.grid.size
    (low, high) = (size, SIMD3(-1, -1, -1))
    guard let wanted = UInt16(exactly: label) else { return nil }
    map.labels.withUnsafeBufferPointer { labels in
      var at = 0
      for z in 0..<size.z {
        for y in 0..<size.y {
          for x in 0..<size.x {
            if labels[at] == wanted { include(x, y, z) }
            at &+= 1
          }
        }
      }
    }
    guard high.x >= 0 else { return nil }
  }

  private mutating func include(_ x: Int, _ y: Int, _ z: Int) {
    (low.x, low.y, low.z) = (min(low.x, x), min(low.y, y), min(low.z, z))
    (high.x, high.y, high.z) = (max(high.x, x), max(high.y, y), max(high.z, z))
  }

  func union(_ other: Box) -> Box {
    var both = self
    both.include(other.low.x, other.low.y, other.low.z)
    both.include(other.high.x, other.high.y, other.high.z)
    return both
  }

  /// The surface voxels of a class inside the box, which must hold all of it.
  func surface(of map: LabelMap, _ label: Int) -> [Bool] {
    let inside = voxels(of: map, label)
    let (n, rows) = (size, SIMD3(1, size.x, size.x * size.y))
    var surface = [Bool](repeating: false, count: inside.count)
    var at = 0
    for z in 0..<n.z {
      for y in 0..<n.y {
        for x in 0..<n.x {
          if inside[at] {
            let enclosed =
              x > 0 && x < n.x - 1 && y > 0 && y < n.y - 1 && z > 0 && z < n.z - 1
              && inside[at - 1] && inside[at + 1] && inside[at - rows.y] && inside[at + rows.y]
              && inside[at - rows.z] && inside[at + rows.z]
            surface[at] = !enclosed
          }
          at &+= 1
        }
      }
    }
    return surface
  }

  private func voxels(of map: LabelMap, _ label: Int) -> [Bool] {
    let whole = map.grid.size
    var inside = [Bool]()
    inside.reserveCapacity(size.x * size.y * size.z)
    for z in low.z...high.z {
      for y in low.y...high.y {
        let row = (z * whole.y + y) * whole.x
        for x in low.x...high.x { inside.append(Int(map.labels[row + x]) == label) }
      }
    }
    return inside
  }
}

private func distances(
  from surface: [Bool], to other: [Bool], size: SIMD3<Int>, spacing: SIMD3<Double>
) -> [Double] {
  let squares = squaredDistances(to: other, size: size, spacing: spacing)
  return surface.indices.lazy.filter { surface[$0] }.map { squares[$0].squareRoot() }
}

/// The quantile between order statistics, interpolated linearly as numpy does.
private func quantile(_ values: [Double], _ fraction: Double) -> Double {
  let sorted = values.sorted()
  guard let last = sorted.last else { return 0 }
  let place = fraction * Double(sorted.count - 1)
  let low = Int(place)
  guard low + 1 < sorted.count else { return last }
  return sorted[low] + (sorted[low + 1] - sorted[low]) * (place - Double(low))
}
