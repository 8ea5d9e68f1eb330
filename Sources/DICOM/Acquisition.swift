/// Acquisition parameters from an allow-list: what a store may hold of a scanner's settings.
public struct Acquisition: Codable, Sendable, Equatable {
  /// Modality (CT, MR, PT, …); "OT" where the file has no word of the standard.
  public var modality: String
  /// The vendor as one of a fixed set of names, or "other".
  public var manufacturer: String?
  /// Manufacturer's Model Name, as far as its words are those of scanners.
  public var model: String?
  /// Magnetic field strength in tesla.
  public var fieldStrength: Double?
  /// Echo time in ms.
  public var echoTime: Double?
  /// Repetition time in ms.
  public var repetitionTime: Double?
  /// Inversion time in ms.
  public var inversionTime: Double?
  /// Flip angle in degrees.
  public var flipAngle: Double?
  /// X-ray tube voltage in kV.
  public var kVp: Double?
  /// Reconstruction kernel of CT as the file has it, to tell series apart; a store takes
  /// ``allowedKernel``.
  public var kernel: String?
  /// Slice thickness in mm, which is not the distance of slices.
  public var sliceThickness: Double?
  /// Spacing between slices in mm as the header says it.
  public var spacingBetweenSlices: Double?
  /// A body part of PS3.16 annex L, or nil.
  public var bodyPart: String?
  /// Whether a contrast agent is named.
  public var contrast: Bool?
  /// Scanning sequence of MR (SE, GR, EP, IR, RM).
  public var scanningSequence: String?
  /// 2D or 3D.
  public var acquisitionType: String?
  /// Rescale type of CT (HU, …) or units of PET (BQML, …).
  public var units: String?
}

extension Acquisition {
  init(_ item: DICOMItem, timing: DICOMItem?) {
    modality = Self.word(item.text(Tag.modality), in: Self.modalities) ?? "OT"
    manufacturer = item.text(Tag.manufacturer).map(Self.vendor)
    model = item.text(Tag.model).flatMap(ScannerModel.allowed)
    fieldStrength = Self.number(item.number(Tag.fieldStrength), upTo: 30)
    echoTime = Self.number(item.number(Tag.echoTime), upTo: 1e5)
    repetitionTime = Self.number((timing ?? item).number(Tag.repetitionTime), upTo: 1e6)
    inversionTime = Self.number(item.number(Tag.inversionTime), upTo: 1e5)
    flipAngle = Self.number((timing ?? item).number(Tag.flipAngle), upTo: 360)
    kVp = Self.number(item.number(Tag.kVp), upTo: 1000)
    kernel = Self.kernel(of: item)
    sliceThickness = Self.number(item.number(Tag.sliceThickness), upTo: 1000)
    spacingBetweenSlices = Self.number(item.number(Tag.spacingBetweenSlices), upTo: 1000)
    bodyPart = Self.word(item.text(Tag.bodyPart), in: Self.bodyParts)
    contrast = item.text(Tag.contrastAgent).map { !["NONE", "NO"].contains($0.uppercased()) }
    scanningSequence = Self.word(item.texts(Tag.scanningSequence).first, in: Self.sequences)
    acquisitionType = Self.word(item.text(Tag.acquisitionType), in: ["2D", "3D"])
    units = Self.word(item.text(Tag.units) ?? item.text(Tag.rescaleType), in: Self.unitNames)
  }
}
