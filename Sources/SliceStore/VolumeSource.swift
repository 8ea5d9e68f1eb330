import Imaging
import Zarr

/// A volume that is read slice by slice while it is written, so that it is nowhere in memory whole.
public struct VolumeSource {
  /// What the volume is.
  public var shape: VolumeShape
  /// Reads slice `lead × depth + z`: stored values `[y, x]`, little endian.
  public var slice: (Int) throws -> [UInt8]
  /// Packs every slice and hands them on in their order.
  public var pack: (ChunkCodec, (_ packed: [UInt8]) throws -> Void) throws -> Void

  /// A volume that comes from wherever the two functions read it.
  public init(
    _ shape: VolumeShape, slice: @escaping (Int) throws -> [UInt8],
    pack: @escaping (ChunkCodec, (_ packed: [UInt8]) throws -> Void) throws -> Void
  ) {
    (self.shape, self.slice, self.pack) = (shape, slice, pack)
  }

  /// A volume of one time point whose slices are packed as they are read.
  init(_ shape: VolumeShape, slice: @escaping (Int) throws -> [UInt8]) {
    self.init(shape, slice: slice) { codec, each in
      for place in 0..<shape.sliceCount { try each(codec.encode(try slice(place))) }
    }
  }

  /// A mask whose slices give a class a voxel: `uint8` where that is wide enough, else `uint16`.
  public init(
    classesOn grid: Grid, isNarrow: Bool, slice: @escaping (Int) throws -> [UInt16]
  ) {
    self.init(VolumeShape(grid: grid, type: isNarrow ? .uint8 : .uint16)) { z in
      let classes = try slice(z)
      return isNarrow
        ? classes.map { UInt8(truncatingIfNeeded: $0) } : classes.withUnsafeBytes { [UInt8]($0) }
    }
  }

  /// A mask in memory.
  init(_ map: LabelMap) {
    self.init(
      classesOn: map.grid, isNarrow: map.labels.allSatisfy { $0 < 256 }, slice: map.classes(slice:))
  }

  /// A volume in memory.
  public init(_ volume: Volume) {
    let size = volume.shape.sliceBytes
    self.init(volume.shape) {
      Array(volume.bytes[$0 * size..<($0 + 1) * size])
    } pack: { codec, each in
      for slice in 0..<volume.shape.sliceCount {
        try each(
          volume.bytes.withUnsafeBytes {
            codec.encode(UnsafeRawBufferPointer(rebasing: $0[slice * size..<(slice + 1) * size]))
          })
      }
    }
  }
}
