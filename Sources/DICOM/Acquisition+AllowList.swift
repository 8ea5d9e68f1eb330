extension Acquisition {
  /// Whether every word is one that ``init(_:timing:)`` lets through: what a process that reads
  /// hostile bytes hands over is not believed.
  public var isAllowed: Bool {
    (modality == "OT" || Self.modalities.contains(modality))
      && manufacturer.map { name in name == "other" || Self.vendors.contains { $0.name == name } }
        ?? true
      && model.map { ScannerModel.allowed($0) == $0 } ?? true
      && (kernel?.utf8.count ?? 0) <= 64
      && bodyPart.map(Self.bodyParts.contains) ?? true
      && scanningSequence.map(Self.sequences.contains) ?? true
      && acquisitionType.map(["2D", "3D"].contains) ?? true
      && units.map(Self.unitNames.contains) ?? true
  }

  /// The kernel if it has the form of one: a vendor's word, or up to three letters with a number
  /// and a suffix (`B30f`, `Br38d`, `FC18-H`, `YA`); nil for other text.
  public var allowedKernel: String? {
    guard let kernel else { return nil }
    if Self.kernels.contains(kernel.uppercased()) { return kernel.uppercased() }
    var form = WordForm(kernel)
    let hasForm =
      kernel.utf8.count <= 8 && form.take(1...3, WordForm.isLetter)
      && form.take(0...3, WordForm.isDigit) && form.take(0...2, WordForm.isLower)
      && form.takeOptional("-", WordForm.isUpper) && form.isAtEnd
    return hasForm ? kernel : nil
  }

  /// The first of an item's kernels, cut short.
  static func kernel(of item: DICOMItem) -> String? {
    item.texts(Tag.kernel).first.map { String($0.prefix(16)) }
  }

  /// A number only if a scanner may have set it: a record's number in a wrong field is none.
  static func number(_ number: Double?, upTo limit: Double) -> Double? {
    number.flatMap { abs($0) <= limit ? $0 : nil }
  }

  /// A word only if the list has it: free text may name a person.
  static func word(_ text: String?, in list: Set<String>) -> String? {
    guard let word = text?.uppercased(), list.contains(word) else { return nil }
    return word
  }

  static func vendor(_ text: String) -> String {
    let lower = text.lowercased()
    return vendors.first { lower.holds($0.key) }?.name ?? "other"
  }

  static let kernels: Set<String> = [
    "STANDARD", "STND", "SOFT", "BONE", "BONEPLUS", "LUNG", "DETAIL", "EDGE", "CHST", "CHEST",
    "ULTRA", "SHARP", "SMOOTH", "BRAIN", "HEAD", "BODY", "LIVER", "CARDIAC", "IMR1", "IMR2", "IMR3",
    "HD", "HR", "NORMAL", "HIGH", "MEDIUM", "LOW",
  ]
  static let vendors: [(key: String, name: String)] = [
    ("siemens", "Siemens"), ("philips", "Philips"), ("picker", "Philips"),
    ("marconi", "Philips"), ("elscint", "Philips"), ("ge medical", "GE"), ("ge health", "GE"),
    ("general electric", "GE"), ("canon", "Canon"), ("toshiba", "Toshiba"),
    ("hitachi", "Hitachi"), ("fujifilm", "Fujifilm"), ("shimadzu", "Shimadzu"),
    ("united imaging", "UIH"), ("uih", "UIH"), ("neusoft", "Neusoft"), ("mediso", "Mediso"),
    ("bruker", "Bruker"), ("varian", "Varian"), ("esaote", "Esaote"), ("hologic", "Hologic"),
    ("samsung", "Samsung"), ("mindray", "Mindray"), ("lamina", "Lamina"),
  ]

  static let modalities: Set<String> = [
    "CT", "MR", "PT", "NM", "US", "CR", "DX", "MG", "XA", "RF", "SC", "OT", "SEG", "RTDOSE",
    "RTSTRUCT", "RTPLAN", "RTIMAGE", "SR", "PR", "KO", "OPT", "OCT", "IVUS", "IVOCT", "ES", "SM",
    "XC", "DOC", "REG", "ECG", "OP", "IO", "PX",
  ]
  static let sequences: Set<String> = ["SE", "IR", "GR", "EP", "RM"]
  static let unitNames: Set<String> = [
    "HU", "US", "OD", "BQML", "CNTS", "PROPCNTS", "NONE", "GML", "CPS", "MGML", "UMOLML", "ML",
    "ED", "EDW", "HU_MOD", "PCT", "Z_EFF",
  ]
  static let bodyParts: Set<String> = [
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
