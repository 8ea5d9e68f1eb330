import Imaging
import SliceStore

/// A mask as it is read: its classes slice by slice, so that a large one is nowhere in memory whole.
struct DrawnMask {
  let grid: Grid
  /// The classes that occur, background included, in rising order.
  let present: [Int]
  /// Whether its file says where it lies; else its grid is that of its voxel sizes alone.
  var isPlaced = true
  /// The classes of slice z, `[y, x]`.
  let slice: (Int) throws(Fault) -> [UInt16]

  init(grid: Grid, present: [Int], slice: @escaping (Int) throws(Fault) -> [UInt16]) {
    (self.grid, self.present, self.slice) = (grid, present, slice)
  }

  init(_ map: LabelMap) {
    self.init(grid: map.grid, present: map.present, slice: map.classes(slice:))
  }

  /// Looks through a volume once; throws when a voxel is no whole number of 0…65 535.
  init(_ source: VolumeSource) throws(Fault) {
    let volumes = source.shape.leading.count
    guard volumes == 1 else {
      throw Fault(.labelValues, "it holds \(volumes) volumes, of which a mask has one")
    }
    var seen = [Bool](repeating: false, count: 1 << 16)
    for z in 0..<source.shape.sliceCount {
      for label in try source.classes(slice: z) { seen[Int(label)] = true }
    }
    self.init(grid: source.shape.grid, present: seen.indices.filter { seen[$0] }) {
      z throws(Fault) in try source.classes(slice: z)
    }
  }

  /// What the store writes: the classes, or what `change` makes of each.
  func source(_ change: ((UInt16) -> UInt16)? = nil) -> VolumeSource {
    let isNarrow = present.allSatisfy { (change?(UInt16($0)) ?? UInt16($0)) < 256 }
    return VolumeSource(classesOn: grid, isNarrow: isNarrow) { z in
      let classes = try slice(z)
      return change.map(classes.map) ?? classes
    }
  }

  /// The whole of it in memory.
  func map() throws(Fault) -> LabelMap {
    LabelMap(grid: grid, labels: try whole { $0 })
  }

  private func whole<Class>(_ narrow: (UInt16) -> Class) throws(Fault) -> [Class] {
    var all: [Class] = []
    all.reserveCapacity(grid.count)
    for z in 0..<grid.size.z { all += try slice(z).lazy.map(narrow) }
    return all
  }

  /// The mask in the order of axes of a grid of the same voxels; nil where they are not the same.
  ///
  /// Slices that stay slices are turned one by one; else they are cut out of the mask in memory, where
  /// it has a byte a voxel, two for classes above 255.
  func aligned(to target: Grid) throws(Fault) -> DrawnMask? {
    guard let (axes, flips) = grid.order(of: target) else { return nil }
    guard axes[2] == 2 else {
      return present.allSatisfy { $0 < 256 }
        ? try turned(axes, flips, target) { UInt8($0) } : try turned(axes, flips, target) { $0 }
    }
    let (size, slice) = (grid.size, self.slice)
    return DrawnMask(grid: target, present: present) { z throws(Fault) in
      reordered(
        try slice(flips[2] ? size.z - 1 - z : z), size: SIMD3(size.x, size.y, 1), axes: axes,
        flips: [flips[0], flips[1], false])
    }
  }

  private func turned<Class: FixedWidthInteger>(
    _ axes: [Int], _ flips: [Bool], _ target: Grid, _ narrow: (UInt16) -> Class
  ) throws(Fault) -> DrawnMask {
    let (drawn, size) = (try whole(narrow), grid.size)
    return DrawnMask(grid: target, present: present) { z in
      reordered(drawn, size: size, axes: axes, flips: flips, slices: z..<z + 1).map { UInt16($0) }
    }
  }
}

extension VolumeSource {
  /// The classes of a slice of a mask. A slope of single precision, such as the 1/255 of a mask that
  /// was stored over the whole range of its type, leaves them no farther than 1e-4 from whole numbers.
  fileprivate func classes(slice z: Int) throws(Fault) -> [UInt16] {
    var plane = shape
    plane.grid.size.z = 1
    let (slope, intercept) = shape.scaling.pair(slice: z)
    plane.scaling = .uniform(slope: slope, intercept: intercept)
    let bytes: [UInt8]
    do { bytes = try slice(z) } catch { throw error as? Fault ?? Fault(.failure) }
    var classes: [UInt16] = []
    classes.reserveCapacity(shape.grid.sliceCount)
    for value in Volume(plane, bytes: bytes).values(slice: 0) {
      let whole = value.rounded()
      guard abs(value - whole) < 1e-4, let label = UInt16(exactly: whole) else {
        throw Fault(.labelValues, "it holds \(value), which is no whole number from 0 to 65535")
      }
      classes.append(label)
    }
    return classes
  }
}
