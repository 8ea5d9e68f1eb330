import Imaging
import Zarr

/// What a cohort store knows of one volume: everything a later stage needs, and no identity.
public struct CohortVolume: Sendable, Equatable {
  /// The name of the volume in the store: at most 32 letters, digits, dots, dashes, underscores.
  public var id: String
  /// The patient's keyed pseudonym.
  public var patient: String
  /// The keyed pseudonym of the study, where the source has one.
  public var study: String?
  /// The keyed pseudonym of the series, where the source has one.
  public var series: String?
  /// `CT`, `MR`, … where it is known.
  public var modality: String?
  /// Size and place of the voxels.
  public var grid: Grid
  /// Time points or channels in front of `z, y, x`.
  public var leading: LeadingAxis
  /// The stored type.
  public var type: VoxelType
  /// From stored values to real ones.
  public var scaling: Scaling
  /// The unit of real values, such as `HU`, where it is known.
  public var units: String?
  /// The label images, sorted by name.
  public var labels: [LabelImage]
  /// Acquisition parameters worth learning from, by DICOM keyword.
  public var acquisition: [String: JSON]
  /// Names of the channels, where the leading axis is one.
  public var channelNames: [String]
  /// Where the voxels came from.
  public var source: Source
  /// A digest of the source.
  public var sourceDigest: String
  /// What was assumed or is odd, in short words.
  public var flags: [String]
  /// A cleaned NIfTI header, base64, for sources that had one.
  public var niftiHeader: String?

  /// The kind of file a volume came from.
  public enum Source: String, Sendable, Codable { case dicom, nifti }

  /// Makes a record for a volume as it is.
  public init(
    id: String, patient: String, study: String? = nil, series: String? = nil,
    modality: String? = nil, of volume: VolumeShape, units: String? = nil,
    labels: [LabelImage] = [],
    acquisition: [String: JSON] = [:], channelNames: [String] = [], source: Source,
    sourceDigest: String, flags: [String] = [], niftiHeader: String? = nil
  ) {
    (self.id, self.patient, self.study, self.series) = (id, patient, study, series)
    (self.modality, self.units, self.labels) = (modality, units, labels)
    (self.grid, self.leading, self.type) = (volume.grid, volume.leading, volume.type)
    (self.scaling, self.acquisition) = (volume.scaling, acquisition)
    (self.channelNames, self.source, self.sourceDigest) = (channelNames, source, sourceDigest)
    (self.flags, self.niftiHeader) = (flags, niftiHeader)
  }
}

extension CohortVolume {
  /// Stored values that stand for no measurement, from DICOM's PixelPaddingValue and
  /// PixelPaddingRangeLimit.
  public var padding: ClosedRange<Double>? {
    guard let value = acquisition["PixelPaddingValue"]?.double else { return nil }
    let limit = acquisition["PixelPaddingRangeLimit"]?.double ?? value
    return min(value, limit)...max(value, limit)
  }

  /// Makes a record for a volume in memory.
  public init(
    id: String, patient: String, study: String? = nil, series: String? = nil,
    modality: String? = nil, of volume: Volume, units: String? = nil, labels: [LabelImage] = [],
    acquisition: [String: JSON] = [:], channelNames: [String] = [], source: Source,
    sourceDigest: String, flags: [String] = [], niftiHeader: String? = nil
  ) {
    self.init(
      id: id, patient: patient, study: study, series: series, modality: modality,
      of: volume.shape, units: units, labels: labels, acquisition: acquisition,
      channelNames: channelNames, source: source, sourceDigest: sourceDigest, flags: flags,
      niftiHeader: niftiHeader)
  }
}

/// One mask of a volume: overlapping structures get one each.
public struct LabelImage: Sendable, Equatable, Codable {
  /// Its folder below `labels/`.
  public var name: String
  /// What the classes are called.
  public var names: [Int: String]
  /// How the grid that the mask was drawn on differs from the volume's; nil for the same voxels.
  public var resampledFrom: GridDifference?

  /// Names a mask.
  public init(name: String, names: [Int: String] = [:], resampledFrom: GridDifference? = nil) {
    (self.name, self.names, self.resampledFrom) = (name, names, resampledFrom)
  }
}
