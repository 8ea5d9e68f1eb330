/// Acquisition parameters from an allow-list: what a store may hold of a scanner's settings.
public struct Acquisition: Codable, Sendable, Equatable {
  /// Modality (CT, MR, PT, …); "OT" where the file has no word of the standard.
  public var modality: String
  /// The vendor as one of a fixed set of names, or "other".
  public var manufacturer: String?
  /// Manufacturer's Model Name, cut to 64 characters.
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
  /// Reconstruction kernel of CT.
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
    model = item.text(Tag.model).map { String($0.prefix(64)) }
    fieldStrength = item.number(Tag.fieldStrength)
    echoTime = item.number(Tag.echoTime)
    repetitionTime = (timing ?? item).number(Tag.repetitionTime)
    inversionTime = item.number(Tag.inversionTime)
    flipAngle = (timing ?? item).number(Tag.flipAngle)
    kVp = item.number(Tag.kVp)
    kernel = item.texts(Tag.kernel).first.map { String($0.prefix(16)) }
    sliceThickness = item.number(Tag.sliceThickness)
    spacingBetweenSlices = item.number(Tag.spacingBetweenSlices)
    bodyPart = Self.word(item.text(Tag.bodyPart), in: Self.bodyParts)
    contrast = item.text(Tag.contrastAgent).map { !["NONE", "NO"].contains($0.uppercased()) }
    scanningSequence = Self.word(item.texts(Tag.scanningSequence).first, in: Self.sequences)
    acquisitionType = Self.word(item.text(Tag.acquisitionType), in: ["2D", "3D"])
    units = Self.word(item.text(Tag.units) ?? item.text(Tag.rescaleType), in: Self.unitNames)
  }

  /// A word only if the list has it: free text may name a person.
  private static func word(_ text: String?, in list: Set<String>) -> String? {
    guard let word = text?.uppercased(), list.contains(word) else { return nil }
    return word
  }

  private static func vendor(_ text: String) -> String {
    let lower = text.lowercased()
    return vendors.first { lower.contains($0.key) }?.name ?? "other"
  }

  private static let vendors: [(key: String, name: String)] = [
    ("siemens", "Siemens"), ("philips", "Philips"), ("picker", "Philips"),
    ("marconi", "Philips"), ("elscint", "Philips"), ("ge medical", "GE"), ("ge health", "GE"),
    ("general electric", "GE"), ("canon", "Canon"), ("toshiba", "Toshiba"),
    ("hitachi", "Hitachi"), ("fujifilm", "Fujifilm"), ("shimadzu", "Shimadzu"),
    ("united imaging", "UIH"), ("uih", "UIH"), ("neusoft", "Neusoft"), ("mediso", "Mediso"),
    ("bruker", "Bruker"), ("varian", "Varian"), ("esaote", "Esaote"), ("hologic", "Hologic"),
    ("samsung", "Samsung"), ("mindray", "Mindray"), ("lamina", "Lamina"),
  ]

  private static let modalities: Set<String> = [
    "CT", "MR", "PT", "NM", "US", "CR", "DX", "MG", "XA", "RF", "SC", "OT", "SEG", "RTDOSE",
    "RTSTRUCT", "RTPLAN", "RTIMAGE", "SR", "PR", "KO", "OPT", "OCT", "IVUS", "IVOCT", "ES", "SM",
    "XC", "DOC", "REG", "ECG", "OP", "IO", "PX",
  ]
  private static let sequences: Set<String> = ["SE", "IR", "GR", "EP", "RM"]
  private static let unitNames: Set<String> = [
    "HU", "US", "OD", "BQML", "CNTS", "PROPCNTS", "NONE", "GML", "CPS", "MGML", "UMOLML", "ML",
    "ED", "EDW", "HU_MOD", "PCT", "Z_EFF",
  ]
  private static let bodyParts: Set<String> = [
    "ABDOMEN", "ABDOMENPELVIS", "ADRENAL", "ANKLE", "AORTA", "ARM", "AXILLA", "BACK", "BLADDER",
    "BRAIN", "BREAST", "BRONCHUS", "BUTTOCK", "CALCANEUS", "CALF", "CAROTID", "CEREBELLUM",
    "CERVIX", "CHEEK", "CHEST", "CHESTABDOMEN", "CHESTABDPELVIS", "CLAVICLE", "COCCYX", "COLON",
    "CSPINE", "CTSPINE", "ELBOW", "ESOPHAGUS", "EXTREMITY", "EYE", "FACE", "FEMUR", "FINGER",
    "FOOT", "FOREARM", "GALLBLADDER", "HAND", "HEAD", "HEADNECK", "HEART", "HIP", "HUMERUS",
    "ILIUM", "JAW", "KIDNEY", "KNEE", "LARYNX", "LEG", "LIVER", "LSPINE", "LSSPINE", "LUNG",
    "MAXILLA", "MEDIASTINUM", "MOUTH", "NECK", "NECKCHEST", "NECKCHESTABDOMEN", "NOSE", "ORBIT",
    "PANCREAS", "PAROTID", "PELVIS", "PENIS", "PHARYNX", "PROSTATE", "RECTUM", "RIB", "SCALP",
    "SCAPULA", "SCROTUM", "SELLA", "SHOULDER", "SKULL", "SPINE", "SPLEEN", "SSPINE", "STERNUM",
    "STOMACH", "TESTIS", "THIGH", "THUMB", "THYMUS", "THYROID", "TIBIA", "TLSPINE", "TMJ", "TOE",
    "TRACHEA", "TSPINE", "UTERUS", "VAGINA", "WHOLEBODY", "WRIST", "ZYGOMA",
  ]
}
