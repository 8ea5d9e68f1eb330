import Imaging
import Zarr

/// Stored values of one plane of a volume: rows of `width`, little endian.
public struct StoredPlane: Sendable, Equatable {
  /// Voxels along a row, and rows.
  public var width, height: Int
  /// The stored type.
  public var type: VoxelType
  /// `height × width` values.
  public var bytes: [UInt8]
}

extension CohortStore {
  /// The plane `index` across an axis of the grid: 0 is x, 1 is y, 2 is z.
  ///
  /// The remaining axes keep their order, the lower one along the rows: a plane across x has y
  /// along its rows and z down them. Across z it is one chunk; across x and y the slices of one
  /// time point or channel are read.
  public func plane(
    _ id: String, axis: Int, index: Int, lead: Int = 0
  ) throws -> StoredPlane {
    let record = try record(id)
    let size = record.grid.size
    precondition((0..<3).contains(axis) && (0..<size[axis]).contains(index), "no such plane")
    precondition((0..<record.leading.count).contains(lead), "no such time point or channel")
    let array = try self.array(of: record, below: "0", type: record.type, leading: record.leading)
    let front = record.leading == .none ? [] : [lead]
    if axis == 2 {
      let bytes = try array.read(chunk: front + [index, 0, 0])
      return StoredPlane(width: size.x, height: size.y, type: record.type, bytes: bytes)
    }
    var bytes: [UInt8] = []
    for z in 0..<size.z {
      let slice = try array.read(chunk: front + [z, 0, 0])
      bytes += row(of: slice, axis: axis, index: index, size: size, step: record.type.size)
    }
    let width = axis == 0 ? size.y : size.x
    return StoredPlane(width: width, height: size.z, type: record.type, bytes: bytes)
  }

  private func row(
    of slice: [UInt8], axis: Int, index: Int, size: SIMD3<Int>, step: Int
  ) -> [UInt8] {
    if axis == 1 {
      let start = index * size.x * step
      return Array(slice[start..<start + size.x * step])
    }
    var row: [UInt8] = []
    for y in 0..<size.y {
      let start = (y * size.x + index) * step
      row += slice[start..<start + step]
    }
    return row
  }
}
