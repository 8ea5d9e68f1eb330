/// What a volume is, without its voxels: enough to make room for them, to store and to describe them.
public struct VolumeShape: Sendable, Equatable {
  /// Where the voxels lie.
  public var grid: Grid
  /// Time points or channels before `z, y, x`.
  public var leading: LeadingAxis
  /// The type of a stored voxel.
  public var type: VoxelType
  /// From stored values to real ones.
  public var scaling: Scaling

  /// Says what a volume is.
  public init(
    grid: Grid, leading: LeadingAxis = .none, type: VoxelType, scaling: Scaling = .identity
  ) {
    (self.grid, self.leading, self.type, self.scaling) = (grid, leading, type, scaling)
  }

  /// Slices of all time points or channels.
  public var sliceCount: Int { leading.count * grid.size.z }
  /// Bytes of one slice.
  public var sliceBytes: Int { grid.sliceCount * type.size }
  /// Bytes of all voxels.
  public var byteCount: Int { leading.count * grid.count * type.size }
}

extension Volume {
  /// The volume without its voxels.
  public var shape: VolumeShape {
    VolumeShape(grid: grid, leading: leading, type: type, scaling: scaling)
  }

  /// Makes a volume; `bytes` must have just the length that the shape asks for.
  public init(_ shape: VolumeShape, bytes: [UInt8]) {
    self.init(
      grid: shape.grid, leading: shape.leading, type: shape.type, bytes: bytes,
      scaling: shape.scaling)
  }
}
