/// A box of voxels in the patient: how many there are and where they lie.
public struct Grid: Sendable, Codable, Equatable {
  /// Voxels along x (fastest), y and z.
  public var size: SIMD3<Int>
  /// From an index to millimetres.
  public var affine: Affine

  /// Makes a grid of `size` voxels placed by `affine`.
  public init(size: SIMD3<Int>, affine: Affine) {
    (self.size, self.affine) = (size, affine)
  }

  /// The number of voxels.
  public var count: Int { size.x * size.y * size.z }

  /// Voxels of one slice along z.
  public var sliceCount: Int { size.x * size.y }

  /// Whether `other` has the same size and lies within `tolerance` millimetres at every corner.
  public func matches(_ other: Grid, tolerance: Double = 1e-2) -> Bool {
    size == other.size && affine.distance(to: other.affine, over: size) <= tolerance
  }

  /// Whether both grids hold the same voxels: none of them lies farther from its counterpart than a
  /// twentieth of a voxel, which is rounding (single precision in a header, a step between slices
  /// that one program measures and another averages), not another place.
  public func sharesVoxels(with other: Grid) -> Bool {
    matches(other, tolerance: other.affine.spacing.min() / 20)
  }

  /// The same voxels under another order of axes.
  ///
  /// New axis `i` is old axis `axes[i]`, run backwards where `flips[i]`.
  public func reordered(axes: [Int], flips: [Bool]) -> Grid {
    var result = self
    for (new, old) in axes.enumerated() {
      result.size[new] = size[old]
      result.affine[column: new] = affine[column: old] * (flips[new] ? -1 : 1)
      if flips[new] { result.affine.origin += affine[column: old] * Double(size[old] - 1) }
    }
    return result
  }

  /// The order of axes under which this grid runs as `target` does: axes and flips for
  /// ``reordered(axes:flips:)``.
  public func order(towards target: Orientation) -> (axes: [Int], flips: [Bool]) {
    let own = affine.orientation
    let axes = target.axes.map { wanted in own.axes.firstIndex(of: wanted) ?? 0 }
    let flips = axes.enumerated().map { new, old in own.signs[old] != target.signs[new] }
    return (axes, flips)
  }
}

/// Copies the voxels of `size` (x fastest) into the order of ``Grid/reordered(axes:flips:)``: all, or some of the slices
/// that the new order has.
public func reordered<Voxel>(
  _ voxels: [Voxel], size: SIMD3<Int>, axes: [Int], flips: [Bool], slices: Range<Int>? = nil
) -> [Voxel] {
  let strides = [1, size.x, size.x * size.y]
  var start = 0
  var step = [0, 0, 0]
  for (new, old) in axes.enumerated() {
    step[new] = flips[new] ? -strides[old] : strides[old]
    if flips[new] { start += strides[old] * (size[old] - 1) }
  }
  let (nx, ny, slices) = (size[axes[0]], size[axes[1]], slices ?? 0..<size[axes[2]])
  return voxels.withUnsafeBufferPointer { source in
    [Voxel](unsafeUninitializedCapacity: nx * ny * slices.count) { target, count in
      var out = 0
      for z in slices {
        for y in 0..<ny {
          var at = start + z * step[2] + y * step[1]
          for _ in 0..<nx {
            target.initializeElement(at: out, to: source[at])
            out &+= 1
            at &+= step[0]
          }
        }
      }
      count = out
    }
  }
}
