import DICOM
import Imaging

extension Phantom {
  /// Writes files that readers must refuse and survive, and returns their paths.
  ///
  /// Sequences nested 8,000 deep (about 100 kB, enough to end a parser that recurses), pixel data
  /// cut short, a text file with the suffix of an image, an empty file.
  public static func writeHostile(into folder: String) throws(PhantomError) -> [String] {
    try makeFolder(folder)
    let good = try wholeFile(folder)
    let files: [(name: String, bytes: [UInt8])] = [
      ("nested.dcm", nestedSequences(depth: 8_000)),
      ("cut.dcm", Array(good.dropLast(good.count / 4))),
      ("text.dcm", Array("This is no image, whatever its name says.\n".utf8)),
      ("empty.dcm", []),
    ]
    for (name, bytes) in files { try write(bytes, to: folder + "/" + name) }
    return files.map { folder + "/" + $0.name }
  }

  /// Writes `files` tiny images of 8 × 8 pixels, `perSeries` to a series and folder, to measure how
  /// work grows with their number.
  public static func writeTiny(
    files: Int, perSeries: Int = 100, seed: UInt64 = 1, into folder: String
  ) throws(PhantomError) {
    var recipe = PhantomRecipe(patients: 0, seed: seed)
    for start in stride(from: 0, to: files, by: max(1, perSeries)) {
      let patient = start / max(1, perSeries)
      recipe.size = SIMD3(8, 8, min(max(1, perSeries), files - start))
      let identity = PhantomIdentity(seed: seed, patient: patient)
      let series = "\(folder)/\(identity.patientID)"
      try makeFolder(series)
      let values = (0..<recipe.size.x * recipe.size.y * recipe.size.z).map {
        UInt16(truncatingIfNeeded: $0 % 4096)
      }
      try writeSeries(
        Volume(grid: recipe.grid(patient), values: values), identity, plane: .axial,
        transferSyntax: TransferSyntax.explicitLittleEndian, into: series)
    }
  }

  private static func wholeFile(_ folder: String) throws(PhantomError) -> [UInt8] {
    var recipe = PhantomRecipe(patients: 1)
    recipe.size = SIMD3(32, 32, 1)
    let identity = PhantomIdentity(seed: 0, patient: 9_998)
    try writeSeries(
      scan(recipe, patient: 0).volume, identity, plane: .axial,
      transferSyntax: TransferSyntax.explicitLittleEndian, into: folder)
    let path = folder + "/IM0001.dcm"
    defer { remove(path) }
    guard let bytes = read(path) else { throw .unwritable(path: path) }
    return bytes
  }

  /// A Part 10 file whose one sequence holds itself, again and again, by undefined lengths.
  private static func nestedSequences(depth: Int) -> [UInt8] {
    let syntax = Array("1.2.840.10008.1.2.1\0".utf8)
    var bytes = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
    bytes += [0x02, 0x00, 0x10, 0x00] + Array("UI".utf8) + [UInt8(syntax.count), 0] + syntax
    let sequence: [UInt8] = [0x08, 0x00, 0x40, 0x11, 0x53, 0x51, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
    let item: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]
    for _ in 0..<depth { bytes += sequence + item }
    return bytes
  }
}
