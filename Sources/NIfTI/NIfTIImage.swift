import Imaging

/// A file as it was read: the voxels on their grid, and the header that wrote them there.
public struct NIfTIImage: Sendable {
  /// Stored voxels in LPS, with their scaling.
  public var volume: Volume
  /// The header without free text, to be given to ``NIfTIFile`` when writing a mask of this image.
  public var header: NIfTIHeader
  /// What is odd about the file and not wrong enough to refuse it.
  public var findings: [NIfTIFinding]
}

/// Something odd about a file that is recorded and not fatal.
public enum NIfTIFinding: Sendable, Equatable {
  /// No form has a code: left and right are a guess (`nifti1.h`, method 1).
  case orientationUnknown
  /// The sform and the qform place a corner this many millimetres apart; the sform was taken.
  case formsDisagree(millimetres: Double)
  /// The sform has a code but is singular or not finite.
  case unusableSform
  /// The qform has a code but is singular or not finite.
  case unusableQform
  /// Lengths were in another unit, this many millimetres long.
  case unitsConverted(millimetres: Double)
  /// So many voxels are NaN or infinite.
  case nonFiniteVoxels(Int)

  /// A fixed word for stores and reports.
  public var flag: String {
    switch self {
    case .orientationUnknown: "orientation-unknown"
    case .formsDisagree: "forms-disagree"
    case .unusableSform: "unusable-sform"
    case .unusableQform: "unusable-qform"
    case .unitsConverted: "units-converted"
    case .nonFiniteVoxels: "non-finite-voxels"
    }
  }
}

/// What the fourth dimension of a file stands for, which the file itself does not say.
public enum FourthDimension: Sendable {
  /// Points in time, as the standard has it.
  case time
  /// Channels of one examination, as in the Medical Segmentation Decathlon.
  case channel
}

/// What reading a file may cost.
public struct NIfTILimits: Sendable {
  /// The most bytes that voxels may take in memory.
  public var voxelBytes: Int
  /// The most bytes of compressed stream that may follow the voxels.
  public var trailingBytes: Int

  /// 8 GiB of voxels, 64 MiB after them.
  public init(voxelBytes: Int = 8 << 30, trailingBytes: Int = 64 << 20) {
    (self.voxelBytes, self.trailingBytes) = (voxelBytes, trailingBytes)
  }
}
