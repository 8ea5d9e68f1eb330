import DICOM

extension DICOMWriter.Item {
  /// What tells of unsigned grey pixels of 16 allocated bits, as many mm apart in both directions.
  func putGrayPixels(rows: Int, columns: Int, bits: Int, spacing: Double) throws {
    try put(0x0028_0002, "US", numbers: [1])
    try put(0x0028_0004, "CS", "MONOCHROME2")
    try put(0x0028_0030, decimals: [spacing, spacing])
    for (tag, value): (UInt32, Int) in [
      (0x10, rows), (0x11, columns), (0x100, 16), (0x101, bits), (0x102, bits - 1), (0x103, 0),
    ] { try put(0x0028_0000 | tag, "US", numbers: [Double(value)]) }
  }
}
