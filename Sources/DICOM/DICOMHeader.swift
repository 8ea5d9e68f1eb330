/// What grouping, geometry and stores need to know of one file; a small value that crosses
/// process boundaries.
///
/// Whatever can name a person lies in ``identity`` and nowhere else. The rest is an allow-list:
/// numbers, and words that the standard enumerates.
public struct DICOMHeader: Sendable, Equatable {
  /// What belongs in the ledger only.
  public var identity: Identity
  /// Acquisition parameters worth learning from; free of identity.
  public var acquisition: Acquisition
  /// SOP Class UID.
  public var sopClass: String
  /// Transfer Syntax UID as written in the meta header.
  public var transferSyntax: String
  /// Set for objects that are no images (reports, presentation states, DICOMDIR, …): what they
  /// are. Such a header has no planes.
  public var nonImage: String?
  /// What a SEG or an RTSTRUCT refers to; nil for everything else.
  public var labelObject: LabelObject?
  /// Why the picture may show whose it is; nil where nothing hints at it.
  public var burnedIn: BurnedInRisk?
  /// How the pixels are written; nil for what is no image.
  public var pixels: PixelFormat?
  /// XXH64 of the pixel bytes as they lie in the file, in hexadecimal; of a label object, of the
  /// whole file.
  public var pixelDigest: String
  /// XXH64 of the bytes before the pixels, in hexadecimal.
  public var headerDigest: String?
  /// Series Number.
  public var seriesNumber: Int?
  /// Acquisition Number.
  public var acquisitionNumber: Int?
  /// Instance Number.
  public var instanceNumber: Int?
  /// Columns and rows of the tiles of a mosaic (Siemens) or grid (UIH); nil for other files.
  public var tiling: SIMD2<Int>?
  /// What turns Bq/ml of PET into SUVbw (g/ml), where the file has all that it takes.
  public var uptakeFactor: Double?
  /// The two-dimensional images of the file with their places: one of a classic file, the frames
  /// of a multi-frame one, the tiles of a mosaic.
  public var planes: [Plane]

  /// Who, when and what a file belongs to. Nothing of it may enter a store.
  public struct Identity: Sendable, Equatable {
    /// Where the file was found.
    public var path: String
    /// Patient ID.
    public var patientID: String?
    /// Patient's Name.
    public var patientName: String?
    /// Patient's Birth Date, `YYYYMMDD`.
    public var patientBirthDate: String?
    /// Study Instance UID.
    public var studyInstanceUID: String?
    /// Series Instance UID.
    public var seriesInstanceUID: String?
    /// SOP Instance UID.
    public var sopInstanceUID: String?
    /// Frame of Reference UID.
    public var frameOfReferenceUID: String?
    /// Accession Number.
    public var accessionNumber: String?
    /// Study Date, `YYYYMMDD`.
    public var studyDate: String?
    /// Series Date, `YYYYMMDD`.
    public var seriesDate: String?
    /// Acquisition Date, `YYYYMMDD`.
    public var acquisitionDate: String?
    /// Study Description.
    public var studyDescription: String?
    /// Series Description.
    public var seriesDescription: String?
    /// Protocol Name.
    public var protocolName: String?
  }

  /// One image in the patient (PS3.3 C.7.6.2): directions are unit vectors in LPS, lengths mm.
  public struct Plane: Sendable, Equatable {
    /// Frame or tile in its file, from 0.
    public var index: Int
    /// Centre of the first pixel.
    public var position: SIMD3<Double>
    /// Direction of a rising column index.
    public var right: SIMD3<Double>
    /// Direction of a rising row index.
    public var down: SIMD3<Double>
    /// Distance between columns, then between rows.
    public var spacing: SIMD2<Double>
    /// Rescale Slope: from stored values to those of Rescale Type.
    public var slope: Double
    /// Rescale Intercept.
    public var intercept: Double
    /// Philips' scale slope (2005,100E), under which values of different scans compare.
    public var scaleSlope: Double?
    /// Echo time in ms.
    public var echoTime: Double?
    /// X-ray tube voltage in kV, of a frame of a multi-frame file.
    public var kVp: Double?
    /// Reconstruction kernel of CT, of a frame of a multi-frame file.
    public var kernel: String?
    /// The values of Image Type, or a frame's type.
    public var imageType: String
    /// Magnitude, phase, real or imaginary, where that is said.
    public var component: Component?
    /// Stack of a multi-frame file.
    public var stack: String?
    /// Where in time the image stands.
    public var time: Time
  }

  /// What an MR image shows of the complex signal, or the map of the field in Hz made of it.
  public enum Component: String, Sendable, CaseIterable {
    case magnitude, phase, real, imaginary, fieldmap
  }

  /// What orders images of one place in time.
  public struct Time: Sendable, Equatable {
    /// Temporal Position Identifier or Index.
    public var position: Double?
    /// Trigger time in ms.
    public var trigger: Double?
    /// Acquisition date and time as seconds since the year 0, on a calendar of equal months.
    public var acquisition: Double?
    /// Dimension Index Values of a frame that count neither stacks nor places, the slowest first.
    public var indices: [Double]?
    /// Diffusion b-value in s/mm².
    public var bValue: Double?
  }
}
