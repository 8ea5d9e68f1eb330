/// A mask: one class a voxel, 0 the background, on the grid of the scan it belongs to.
public struct LabelMap: Sendable, Equatable {
  /// Where the voxels lie.
  public var grid: Grid
  /// Classes in C order `[z, y, x]`.
  public var labels: [UInt16]
  /// What the classes are called, where that is known.
  public var names: [Int: String]

  /// Makes a mask; `labels` must have one entry a voxel.
  public init(grid: Grid, labels: [UInt16], names: [Int: String] = [:]) {
    precondition(labels.count == grid.count, "labels do not fit the grid")
    (self.grid, self.labels, self.names) = (grid, labels, names)
  }

  /// Reads classes from a volume of whole numbers 0…65 535.
  ///
  /// Returns nil when a voxel is no such number, as in a probability map.
  public init?(_ volume: Volume, names: [Int: String] = [:]) {
    guard volume.leading.count == 1 else { return nil }
    var labels = [UInt16]()
    labels.reserveCapacity(volume.grid.count)
    for z in 0..<volume.grid.size.z {
      for value in volume.values(slice: z) {
        guard let label = UInt16(exactly: value) else { return nil }
        labels.append(label)
      }
    }
    self.init(grid: volume.grid, labels: labels, names: names)
  }

  /// The mask as stored voxels: `uint8` where that is wide enough, else `uint16`.
  public var volume: Volume {
    if labels.allSatisfy({ $0 < 256 }) {
      return Volume(grid: grid, values: labels.map { UInt8(truncatingIfNeeded: $0) })
    }
    return Volume(grid: grid, values: labels)
  }

  /// The classes of slice z, `[y, x]`.
  public func classes(slice z: Int) -> [UInt16] {
    Array(labels[z * grid.sliceCount..<(z + 1) * grid.sliceCount])
  }

  /// The classes that occur, background included, in rising order.
  public var present: [Int] {
    var seen = [Bool](repeating: false, count: 65_536)
    for label in labels { seen[Int(label)] = true }
    return seen.indices.filter { seen[$0] }
  }

  /// The mask in the order of axes of `target`, when both grids hold the same voxels.
  ///
  /// A mask drawn in another orientation comes back this way, without interpolation, whichever of
  /// the 48 orders of axes it is in. Returns nil when they do not, see ``Grid/sharesVoxels(with:)``.
  public func aligned(to target: Grid) -> LabelMap? {
    guard let (axes, flips) = grid.order(of: target) else { return nil }
    let moved =
      axes == [0, 1, 2] && !flips.contains(true)
      ? labels : reordered(labels, size: grid.size, axes: axes, flips: flips)
    return LabelMap(grid: target, labels: moved, names: names)
  }
}
