import Imaging
import SliceStore

/// How volumes become slices. The initial values are the defaults that a recipe is laid over.
public struct PrepareRecipe: Codable, Sendable, Equatable {
  /// The plane that volumes are cut in.
  public var plane = PlaneChoice.auto
  /// Millimetres between rows and between columns; none keeps each volume's own.
  public var spacing: [Double]?
  /// Rows and columns of a slice; none takes the smallest multiples of 16 that hold the largest.
  public var canvas: [Int]?
  /// From real values to those that a network sees.
  public var intensity = IntensityRecipe()
  /// What surrounds a slice that is smaller than the canvas.
  public var pad = Pad.darkest
  /// Which channels to take, in this order; none takes all.
  public var channels: [Int]?
  /// What to do with points in time.
  public var time = TimePoints.first
  /// Which label image to take where a volume has several; none takes the first by name.
  public var label: String?
  /// Bytes that a shard of images aims at, before compression; none takes 64 MiB.
  public var shardBytes: Int?
  /// Whether images are packed into few bytes or to be read fast; none takes few bytes.
  public var packing: SlicePacking?
  /// What becomes of slices that are nearly the one before; none keeps them.
  public var nearDuplicates: NearDuplicates?
  /// The correlation at low resolution from which they are; none takes 0.99.
  public var nearDuplicateSimilarity: Double?
  /// Who trains and who tests.
  public var split = SplitRecipe()

  /// The defaults.
  public init() {}

  /// The correlation from which a slice is a near-duplicate.
  public var similarity: Double { nearDuplicateSimilarity ?? 0.99 }

  /// The real value of one step of the 16-bit slices.
  public var scaleFactor: Double { intensity.kind == .none ? 1 : 1.0 / 4096 }
  /// The real value of a stored 0.
  public var addOffset: Double { 0 }

  /// Rows or columns that a canvas has at most.
  static let longestSide = 8192

  /// Throws ``PrepareError/badRecipe(key:problem:)`` for values that make no sense.
  public func validate() throws(PrepareError) {
    func check(_ fine: Bool, _ key: String, _ problem: String) throws(PrepareError) {
      if !fine { throw .badRecipe(key: key, problem: problem) }
    }
    if let spacing {
      try check(
        spacing.count == 2 && spacing.allSatisfy { $0 > 0.001 && $0 < 1000 }, "spacing",
        "two positive lengths in millimetres are needed")
    }
    if let canvas {
      try check(
        canvas.count == 2 && canvas.allSatisfy { (8...Self.longestSide).contains($0) }, "canvas",
        "rows and columns, each from 8 to \(Self.longestSide), are needed")
    }
    try check(
      shardBytes.map { (1...1 << 40).contains($0) } ?? true, "shardBytes",
      "a number of bytes is needed")
    try check(
      (0...1).contains(similarity), "nearDuplicateSimilarity", "a correlation from 0 to 1 is needed"
    )
    let (window, clip) = (intensity.window, intensity.percentiles)
    try check(
      window.count == 2 && window[0] < window[1], "intensity.window",
      "a lower and an upper value are needed")
    try check(
      clip.count == 2 && clip[0] >= 0 && clip[0] < clip[1] && clip[1] <= 100,
      "intensity.percentiles", "two rising numbers from 0 to 100 are needed")
    try check(
      channels.map { !$0.isEmpty && $0.allSatisfy { $0 >= 0 } } ?? true, "channels",
      "numbers from 0 are needed")
    try split.validate()
  }
}

/// The plane that volumes are cut in.
public enum PlaneChoice: String, Codable, Sendable, CaseIterable {
  /// Across the coarsest axis when it is more than 1.5 times the others, else axial.
  case auto
  /// The plane nearest to the patient's.
  case axial, coronal, sagittal
  /// Across this axis of the volume as it is stored.
  case nativeX = "native-x"
  case nativeY = "native-y"
  case nativeZ = "native-z"
}

/// From real values to normalised ones.
public struct IntensityRecipe: Codable, Sendable, Equatable {
  /// The ways to normalise.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// `ct-window` for CT, else `percentile`.
    case auto
    /// Clips to ``IntensityRecipe/window`` and maps it to −1…1.
    case window = "ct-window"
    /// Clips to ``IntensityRecipe/percentiles``, then subtracts the mean and divides by the
    /// deviation, each channel of each volume for itself.
    case percentile
    /// Keeps real values, rounded to whole numbers of 16 bits.
    case none
  }

  /// Which way.
  public var kind = Kind.auto
  /// Hounsfield units that become −1 and 1; the default is that of soft tissue.
  public var window: [Double] = [-160, 240]
  /// Percentiles, 0…100, at which intensities without a scale are clipped.
  public var percentiles: [Double] = [0.5, 99.5]

  /// The defaults.
  public init() {}

  /// What `auto` means for a DICOM modality.
  func kind(for modality: String) -> Kind {
    guard kind == .auto else { return kind }
    return modality.uppercased() == "CT" ? .window : .percentile
  }
}

/// What surrounds a slice that is smaller than the canvas.
public enum Pad: String, Codable, Sendable, CaseIterable {
  /// The lowest value that normalisation can give.
  case darkest
  /// Normalised zero.
  case zero
}

/// What to do with points in time.
public enum TimePoints: String, Codable, Sendable, CaseIterable {
  /// The first one stands for the volume.
  case first
  /// Each is a volume of its own, of the same patient.
  case each
}
