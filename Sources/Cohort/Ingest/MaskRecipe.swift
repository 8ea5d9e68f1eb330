import Imaging

/// How masks are taken.
public struct MaskRecipe: Sendable, Codable, Equatable {
  /// What becomes of a mask that lies on another grid than its volume.
  public enum OtherGrid: String, Sendable, Codable, CaseIterable {
    /// It is refused, and the difference named.
    case refuse
    /// It is resampled as `LabelResampling` says, and the difference recorded.
    case nearest, majority

    /// How to resample, where that is wanted.
    var resampling: LabelResampling? { LabelResampling(rawValue: rawValue) }
  }

  /// Which segments of a SEG share a label image.
  public enum Segments: String, Sendable, Codable, CaseIterable {
    /// All of them, under their own numbers, unless two overlap: then each has its own.
    case together
    /// Each has its own, always: the same names in every patient, whatever overlaps.
    case apart
  }

  /// What becomes of a mask that lies on another grid than its volume.
  public var otherGrid = OtherGrid.refuse
  /// The least share of a fractional SEG's maximum that counts as inside, above 0 and up to 1.
  public var fraction = 0.5
  /// Which segments of a SEG share a label image.
  public var segments = Segments.together
  /// Names of structures as files have them, and what they are to be called. It also says that
  /// these texts name nobody, so that they may stand in the store.
  public var names: [String: String] = [:]

  /// The defaults above.
  public init() {}
}
