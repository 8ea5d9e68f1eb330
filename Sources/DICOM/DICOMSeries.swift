import CDCMTK
import Imaging

/// The files of one volume in the order of its voxels: a stack of parallel slices, repeated in time
/// where the scanner did so.
///
/// Made by ``group(_:policy:)``; a series of the scanner may hold several (echoes, phase beside
/// magnitude, directions of a localizer), which ``part`` tells apart.
public struct DICOMSeries: Sendable, Equatable {
  /// Series Instance UID. With ``part`` it names the volume. Belongs in the ledger.
  public var seriesUID: String
  /// Which volume of the series: "" where there is one, else the likes of "e2", "phase", "a1".
  public var part: String
  /// The files, sorted by SOP Instance UID and path.
  public var headers: [DICOMHeader]
  /// For each file and each of its planes, the slice `lead × depth + z` that it becomes; −1 for
  /// planes of other volumes.
  public var slices: [[Int]]
  /// Where slices were uneven or missing: what each slice is made of, once the files' own have been
  /// decoded to the first places of their time point. nil where every slice is a file's own.
  public var blends: [SliceBlend]?
  /// Voxels along x (columns), y (rows) and z (along rows × columns), and their places.
  public var grid: Grid
  /// Points in time.
  public var leading: LeadingAxis
  /// From stored values to real ones, by slice where slices differ.
  public var scaling: Scaling
  /// What a user should know: "gantry-tilt", "sheared", "monochrome1", "single-slice", "mosaic",
  /// "multi-frame", "localizer", "derived", "filled" (missing slices) or "resampled" (uneven ones),
  /// "suv" (PET in g/ml) or "no-suv" (asked for, but left in Bq/ml: numbers for it are missing).
  public var flags: [String]
  /// Echo time of this volume in ms.
  public var echoTime: Double?

  /// The first file, which stands for what all have in common.
  public var representative: DICOMHeader { headers[0] }

  /// What became of colours; says nothing where there are none.
  public var color = ColorPolicy.refuse

  /// The type of a stored voxel.
  public var type: VoxelType {
    guard let pixels = headers[0].pixels else { return .int16 }
    return pixels.isColor ? pixels.colorType : pixels.type
  }

  /// Stored value of pixels outside the image, where the file names one.
  public var padding: Int? { headers[0].pixels?.padding }

  /// Stored values that are padding: PixelPaddingValue, up to PixelPaddingRangeLimit where there is one.
  public var paddingRange: ClosedRange<Double>? {
    padding.map { value in
      let limit = headers[0].pixels?.paddingLimit ?? value
      return Double(min(value, limit))...Double(max(value, limit))
    }
  }

  /// The flag of PET in SUVbw.
  static let uptake = "suv"

  /// Bytes of the decoded volume.
  public var byteCount: Int { leading.count * grid.count * type.size }

  /// The volume without its voxels.
  public var shape: VolumeShape {
    VolumeShape(grid: grid, leading: leading, type: type, scaling: scaling)
  }

  /// The series as far as its decoding needs it: without identity, acquisition and places.
  public var forDecoding: DICOMSeries {
    var series = self
    for index in headers.indices {
      series.headers[index].identity = .init(path: headers[index].path)
      series.headers[index].acquisition = Acquisition(modality: "")
      series.headers[index].planes = []
    }
    return series
  }

  /// Acquisition parameters, with this volume's own echo time, tube voltage and kernel.
  public var acquisition: Acquisition {
    var acquisition = headers[0].acquisition
    let own = zip(headers[0].planes, slices[0]).first { $1 >= 0 }?.0
    acquisition.kVp = own?.kVp ?? acquisition.kVp
    acquisition.kernel = own?.kernel ?? acquisition.kernel
    acquisition.echoTime = echoTime ?? acquisition.echoTime
    if flags.contains(Self.uptake) { acquisition.units = "GML" }
    return acquisition
  }

  /// A digest over the SOP Instance UIDs, the pixel bytes and what the policy made of them, the same
  /// for any order of files.
  public var sourceDigest: String {
    let lines = headers.map { ($0.identity.sopInstanceUID ?? "") + " " + $0.pixelDigest }.sorted()
    let made = flags.filter { ["filled", "resampled", Self.uptake].contains($0) }.sorted()
    let colors = color == .refuse ? "" : color.rawValue
    let bytes = Array((lines + [part + made.joined() + colors]).joined(separator: "\n").utf8)
    let hash = String(dicom_hash(bytes, bytes.count, 0), radix: 16)
    return String(repeating: "0", count: 16 - hash.count) + hash
  }

  /// What becomes a volume where a user may choose.
  public struct Policy: Sendable, Codable, Equatable {
    /// Takes stacks of a single slice, as a localizer has them.
    public var singleSlices = false
    /// Takes pictures that may show whose they are; see ``BurnedInRisk``.
    public var burnedIn = true
    /// What becomes of a stack in which slices are missing.
    public var missing = Missing.refuse
    /// What becomes of a stack whose slices are unevenly spaced.
    public var uneven = Uneven.refuse
    /// Whether localizers (scouts, topograms) are taken, by Image Type.
    public var localizers = Choice.take
    /// Whether derived and secondary images are taken, by Image Type.
    public var derived = Choice.take

    /// Turns PET in Bq/ml into SUV by body weight where its headers allow it.
    public var uptake = false

    /// Taken or refused.
    public enum Choice: String, Sendable, Codable { case take, refuse }

    /// Refuses the stack, makes a volume of each part, or fills the gaps by linear interpolation.
    public enum Missing: String, Sendable, Codable { case refuse, split, fill }

    /// Refuses the stack, or interpolates even slices linearly.
    public enum Uneven: String, Sendable, Codable { case refuse, resample }
    /// What becomes of colour images.
    public var color = ColorPolicy.refuse

    /// The defaults.
    public init() {}
  }
}

/// What became of many headers.
public struct DICOMGrouping: Sendable {
  /// Volumes, in an order that does not depend on that of the headers.
  public var series: [DICOMSeries] = []
  /// Stacks that are no volume.
  public var refused: [DICOMRefusal] = []
  /// Files left out without loss.
  public var notes: [DICOMNote] = []
  /// Objects that are no images.
  public var nonImages: [DICOMHeader] = []
}

/// A stack of images that did not become a volume.
public struct DICOMRefusal: Sendable, Codable, Equatable {
  /// Series Instance UID.
  public var seriesUID: String
  /// Its files.
  public var paths: [String]
  /// Why.
  public var error: DICOMError
}

/// A file that was left out without loss.
public struct DICOMNote: Sendable, Codable, Equatable {
  /// The file.
  public var path: String
  /// Why.
  public var text: String
}
