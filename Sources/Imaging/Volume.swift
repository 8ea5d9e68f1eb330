/// A scan as it was stored: voxels in their native type, and the grid that places them.
///
/// Voxels are in C order `[lead, z, y, x]`, little endian; nothing has been interpolated.
/// Whatever changes the grid returns the new affine with it, so a mask can always be put back.
public struct Volume: Sendable, Equatable {
  /// Where the voxels lie.
  public var grid: Grid
  /// Time points or channels before `z, y, x`.
  public var leading: LeadingAxis
  /// The type of a stored voxel.
  public var type: VoxelType
  /// The stored voxels: `leading.count × grid.count × type.size` bytes.
  public var bytes: [UInt8]
  /// From stored values to real ones.
  public var scaling: Scaling
  /// Stored values that stand for no measurement, as around the round field of a CT (PixelPaddingValue,
  /// PS3.3 C.7.5.1.1.2); they count as the darkest where intensities are normalised.
  public var padding: ClosedRange<Double>?

  /// Makes a volume; `bytes` must have just the length that the other arguments ask for.
  public init(
    grid: Grid, leading: LeadingAxis = .none, type: VoxelType, bytes: [UInt8],
    scaling: Scaling = .identity
  ) {
    precondition(bytes.count == leading.count * grid.count * type.size, "bytes do not fit the grid")
    self.grid = grid
    self.leading = leading
    self.type = type
    self.bytes = bytes
    self.scaling = scaling
  }

  /// Makes a volume from values in memory, `[lead, z, y, x]`.
  public init<Value: StoredVoxel>(
    grid: Grid, leading: LeadingAxis = .none, values: [Value], scaling: Scaling = .identity
  ) {
    self.init(
      grid: grid, leading: leading, type: Value.voxelType,
      bytes: values.withUnsafeBytes { [UInt8]($0) }, scaling: scaling)
  }

  /// Real values of one time point or channel: `[z, y, x]`, slope and intercept applied.
  public func values(lead: Int = 0) -> [Float] {
    let slices = lead * grid.size.z..<(lead + 1) * grid.size.z
    return values(slices: slices)
  }

  /// Real values of one slice of the only time point or channel: `[y, x]`.
  public func values(slice z: Int) -> [Float] { values(slices: z..<z + 1) }

  /// Real values of neighbouring slices, counted through all time points or channels.
  private func values(slices: Range<Int>) -> [Float] {
    let (count, start) = (grid.sliceCount, slices.lowerBound)
    return [Float](unsafeUninitializedCapacity: slices.count * count) { target, filled in
      bytes.withUnsafeBytes { raw in
        let source = UnsafeRawBufferPointer(rebasing: raw[(start * count * type.size)...])
        for z in slices {
          let (slope, intercept) = scaling.pair(slice: z)
          let range = (z - start) * count..<(z - start + 1) * count
          type.read(source, range, slope: slope, intercept: intercept, into: target)
        }
      }
      filled = slices.count * count
    }
  }

  /// Stored values of one time point or channel as whole numbers, or nil when one is not.
  public func integers(lead: Int = 0) -> [Int]? {
    let reals = values(lead: lead)
    guard reals.allSatisfy({ $0 == $0.rounded() && abs($0) < 16_777_216 }) else { return nil }
    return reals.map { Int($0) }
  }
}

/// A Swift number that can be a stored voxel.
public protocol StoredVoxel {
  /// The type's name in stores.
  static var voxelType: VoxelType { get }
}

extension Int8: StoredVoxel {
  /// int8
  public static var voxelType: VoxelType { .int8 }
}
extension UInt8: StoredVoxel {
  /// uint8
  public static var voxelType: VoxelType { .uint8 }
}
extension Int16: StoredVoxel {
  /// int16
  public static var voxelType: VoxelType { .int16 }
}
extension UInt16: StoredVoxel {
  /// uint16
  public static var voxelType: VoxelType { .uint16 }
}
extension Int32: StoredVoxel {
  /// int32
  public static var voxelType: VoxelType { .int32 }
}
extension UInt32: StoredVoxel {
  /// uint32
  public static var voxelType: VoxelType { .uint32 }
}
extension Float: StoredVoxel {
  /// float32
  public static var voxelType: VoxelType { .float32 }
}
extension Double: StoredVoxel {
  /// float64
  public static var voxelType: VoxelType { .float64 }
}
