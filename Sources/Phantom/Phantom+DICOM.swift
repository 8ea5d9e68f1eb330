import DICOM
import Imaging

/// Who a synthetic patient is. UIDs are numbers under 2.25 (PS3.5 B.2), made from the seed.
struct PhantomIdentity {
  enum Level: UInt64 { case study = 1, series, frame }

  let seed: UInt64
  let patient: Int

  var patientID: String {
    let number = String(patient + 1)
    return "PHANTOM-" + String(repeating: "0", count: max(0, 4 - number.count)) + number
  }

  func uid(_ level: Level) -> String { uid(keys: level.rawValue, 0) }

  func uid(instance: Int) -> String { uid(keys: 9, UInt64(instance)) }

  private func uid(keys: UInt64...) -> String {
    var random = PhantomRandom(seed: seed, UInt64(patient), keys[0], keys[1])
    return "2.25.\(random.next() | 1 << 63)\(random.next() % 1_000_000_000)"
  }

  /// A date of its own for each patient, always the same.
  var date: String {
    let (month, day) = (patient / 28 % 12 + 1, patient % 28 + 1)
    return "2020" + (month < 10 ? "0" : "") + "\(month)" + (day < 10 ? "0" : "") + "\(day)"
  }
}

extension Phantom {
  static let mrImageStorage = "1.2.840.10008.5.1.4.1.1.4"

  /// Writes the slices of a volume as classic MR images. Instance numbers run against the
  /// geometry for every other patient, as scanners do it.
  static func writeSeries(
    _ volume: Volume, _ identity: PhantomIdentity, plane: PhantomPlane, transferSyntax: String,
    into folder: String
  ) throws(PhantomError) {
    var images = PhantomSeries.axial.slices(volume)
    if identity.patient % 2 == 1 {
      for z in images.indices { images[z].number = images.count - z }
    }
    do throws(DICOMError) {
      try write(images, identity, transferSyntax, into: folder)
    } catch {
      throw .dicom(error)
    }
  }

  static func describe(
    _ item: DICOMWriter.Item, _ identity: PhantomIdentity, number: Int
  ) throws(DICOMError) {
    try item.put(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\M\\ND")
    try item.put(0x0008_0016, "UI", mrImageStorage)
    try item.put(0x0008_0018, "UI", identity.uid(instance: number))
    for date: UInt32 in [0x20, 0x21, 0x22, 0x23] {
      try item.put(0x0008_0000 | date, "DA", identity.date)
    }
    for time: UInt32 in [0x30, 0x31, 0x32, 0x33] {
      try item.put(0x0008_0000 | time, "TM", "101500")
    }
    try item.put(0x0008_0050, "SH", "")
    try item.put(0x0008_0060, "CS", "MR")
    try item.put(0x0008_0070, "LO", "Lamina")
    try item.put(0x0008_0090, "PN", "")
    try item.put(0x0008_103E, "LO", "structural")
    try item.put(0x0008_1090, "LO", "Phantom")
    try item.put(0x0010_0010, "PN", "Phantom^\(identity.patient + 1)")
    try item.put(0x0010_0020, "LO", identity.patientID)
    try item.put(0x0010_0030, "DA", "19700101")
    try item.put(0x0010_0040, "CS", "O")
    try item.put(0x0018_0015, "CS", "HEAD")
    try item.put(0x0018_0020, "CS", "GR")
    try item.put(0x0018_0021, "CS", "SP")
    try item.put(0x0018_0022, "CS", "")
    try item.put(0x0018_0023, "CS", "3D")
    try item.put(0x0018_0080, "DS", "1900")
    try item.put(0x0018_0081, "DS", "2.5")
    try item.put(0x0018_0087, "DS", "3")
    try item.put(0x0018_0091, "IS", "1")
    try item.put(0x0018_1314, "DS", "9")
    try item.put(0x0018_5100, "CS", "HFS")
    try item.put(0x0020_000D, "UI", identity.uid(.study))
    try item.put(0x0020_000E, "UI", identity.uid(.series))
    try item.put(0x0020_0010, "SH", "1")
    try item.put(0x0020_0011, "IS", "2")
    try item.put(0x0020_0012, "IS", "1")
    try item.put(0x0020_0013, "IS", "\(number)")
    try item.put(0x0020_0052, "UI", identity.uid(.frame))
    try item.put(0x0020_1040, "LO", "")
  }

  static func place(
    _ item: DICOMWriter.Item, _ grid: Grid, at position: SIMD3<Double>
  ) throws(DICOMError) {
    let (right, down) = (grid.affine.direction[0], grid.affine.direction[1])
    let spacing = grid.affine.spacing
    try item.put(0x0018_0050, decimals: [spacing.z])
    try item.put(0x0018_0088, decimals: [spacing.z])
    try item.put(0x0020_0032, decimals: [position.x, position.y, position.z])
    try item.put(
      0x0020_0037, decimals: [right.x, right.y, right.z, down.x, down.y, down.z])
    try item.put(0x0028_0030, decimals: [spacing.y, spacing.x])
    try placePixels(item, grid)
  }

  /// What says how pixels are stored, and nothing of where they lie.
  static func placePixels(_ item: DICOMWriter.Item, _ grid: Grid) throws(DICOMError) {
    try item.put(0x0028_0002, "US", numbers: [1])
    try item.put(0x0028_0004, "CS", "MONOCHROME2")
    try item.put(0x0028_0010, "US", numbers: [Double(grid.size.y)])
    try item.put(0x0028_0011, "US", numbers: [Double(grid.size.x)])
    try item.put(0x0028_0100, "US", numbers: [16])
    try item.put(0x0028_0101, "US", numbers: [12])
    try item.put(0x0028_0102, "US", numbers: [11])
    try item.put(0x0028_0103, "US", numbers: [0])
  }
}
