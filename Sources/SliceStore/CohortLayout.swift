import Imaging
import Zarr

/// How volumes become arrays: one slice a chunk, shards of whole slices up to a target size.
enum CohortLayout {
  static let format = "cohort"
  static let version = 1

  /// The array of a volume; the shard holds the whole of it when that is below the target.
  static func array(
    of volume: VolumeShape, names: [String], codec: ChunkCodec, shardBytes: Int
  ) -> ArrayMetadata {
    let size = volume.grid.size
    let slice = volume.sliceBytes
    let slices = min(size.z, max(1, shardBytes / slice))
    let leads =
      slices == size.z ? min(volume.leading.count, max(1, shardBytes / (slice * size.z))) : 1
    let space = [size.z, size.y, size.x]
    let plain = volume.leading == .none
    return ArrayMetadata(
      shape: (plain ? [] : [volume.leading.count]) + space,
      type: DataType(rawValue: volume.type.rawValue)!,
      shard: (plain ? [] : [leads]) + [slices, size.y, size.x],
      chunk: (plain ? [] : [1]) + [1, size.y, size.x], codec: codec, dimensionNames: names)
  }

  /// The codec of an image: of the two that real scans call for, the one that packs the middle of the
  /// middle slice smaller (`docs/benchmarks/codecs.md`).
  static func codec(for source: VolumeSource) throws -> ChunkCodec {
    let plain = ChunkCodec.zstd(level: 3)
    guard source.shape.type.size > 1 else { return plain }
    let shuffled = ChunkCodec.blosc(level: 1, typeSize: source.shape.type.size)
    let slice = try source.slice(source.shape.sliceCount / 2)
    let rest =
      max(0, slice.count - sampleBytes) / 2 / source.shape.type.size * source.shape.type.size
    let sample = Array(slice[rest..<slice.count - rest])
    return shuffled.encode(sample).count <= plain.encode(sample).count ? shuffled : plain
  }

  /// Of a slice, what the codec is chosen by: a block of zstd's.
  private static let sampleBytes = 128 << 10

  /// The codec of a mask: long runs of few values, which plain zstd packs best.
  static let labelCodec = ChunkCodec.zstd(level: 3)
}

extension Grid {
  /// The place of slice `z` in millimetres along the normal of the slices.
  public func position(ofSlice z: Int) -> Double {
    let normal = cross(affine.x, affine.y)
    let size = length(normal)
    guard size > 0 else { return 0 }
    return dot(normal / size, affine(SIMD3(0, 0, Double(z))))
  }
}
