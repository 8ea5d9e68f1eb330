import Imaging

/// A mask that is to be written beside its volume; its voxels are asked for when their turn comes.
public struct CohortLabel {
  /// Its folder below `labels/`.
  public var name: String
  /// What the classes are called.
  public var names: [Int: String]
  /// Voxels along x, y and z.
  public var size: SIMD3<Int>
  /// How the grid that it was drawn on differs from the volume's; nil for the same voxels.
  public var resampledFrom: GridDifference?
  /// Gives the voxels: one class each, in the order of the volume's.
  let source: () throws -> VolumeSource

  /// Names a mask of this size that `source` gives when it is written.
  public init(
    name: String, names: [Int: String] = [:], size: SIMD3<Int>,
    source: @escaping () throws -> VolumeSource
  ) {
    (self.name, self.names, self.size, self.source) = (name, names, size, source)
  }

  /// Names a mask of this size that `voxels` gives when it is written, so that of many masks one
  /// is in memory.
  public init(
    name: String, names: [Int: String] = [:], size: SIMD3<Int>,
    voxels: @escaping () throws -> LabelMap
  ) {
    self.init(name: name, names: names, size: size, source: { VolumeSource(try voxels()) })
  }

  /// Names a mask that is in memory.
  public init(name: String, _ map: LabelMap) {
    self.init(name: name, names: map.names, size: map.grid.size) { map }
  }

  var record: LabelImage { LabelImage(name: name, names: names, resampledFrom: resampledFrom) }
}

extension CohortWriter {
  /// Writes a volume with masks that are in memory; see ``add(volume:record:labels:replacing:)``.
  public func add(
    volume: Volume, record: CohortVolume, labels: [(name: String, map: LabelMap)] = [],
    replacing: Bool = false
  ) throws {
    try add(
      volume: volume, record: record, labels: labels.map { CohortLabel(name: $0.name, $0.map) },
      replacing: replacing)
  }
}
