import Cohort
import DICOM
import Foundation
import Imaging
import NIfTI
import TestFolders

extension TemporaryFolder {
  @discardableResult
  func write(_ text: String, to below: String) throws -> String {
    try write([UInt8](text.utf8), to: below)
  }

  @discardableResult
  func write(_ bytes: [UInt8], to below: String) throws -> String {
    let file = path + "/" + below
    try makeFolder(of: file)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  func makeFolder(of file: String) throws {
    let folder = (file as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }
}

/// Workers without a process, for tests of what they do.
let inProcess = WorkerLaunch.thread { WorkerMain.serve(control: $0, shared: $1) }

/// Who a sample series belongs to.
struct SampleSeries {
  var patientID = "PAT-1"
  var patientName = "Muster^Maria"
  var study = "1.2.3.1"
  var series = "1.2.3.1.1"
  var description = "t1 structural"
  var date = "20210314"
  var slices = 4
  /// Rows and columns are so many mm apart.
  var spacing = 2.0
  var echo = "2.5"
  /// What the instances of one series are told apart by, beside their number.
  var instances = ""
  /// Changes what would be written.
  var change: (DICOMWriter.Item) throws -> Void = { _ in }

  /// Writes `IM1`, `IM2`, … without a suffix, and returns their paths.
  @discardableResult
  func write(to folder: String) throws -> [String] {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return try (0..<slices).map { z in try write(z, to: folder) }
  }

  /// Writes one slice as `IM` and its number.
  @discardableResult
  func write(_ z: Int, to folder: String) throws -> String {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    let writer = DICOMWriter()
    let root = writer.root
    try root.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.4")
    try root.put(0x0008_0018, "UI", "\(series).\(instances)\(z + 1)")
    try root.put(0x0008_0020, "DA", date)
    try root.put(0x0008_0021, "DA", date)
    try root.put(0x0008_0060, "CS", "MR")
    try root.put(0x0008_0080, "LO", "CANARY-HOSPITAL")
    try root.put(0x0008_103E, "LO", description)
    try root.put(0x0010_0010, "PN", patientName)
    try root.put(0x0010_0020, "LO", patientID)
    try root.put(0x0010_0030, "DA", "19500102")
    try root.put(0x0018_0081, "DS", echo)
    try root.put(0x0020_000D, "UI", study)
    try root.put(0x0020_000E, "UI", series)
    try root.put(0x0020_0013, "IS", "\(z + 1)")
    try root.put(0x0020_0032, decimals: [10, 20, Double(z) * 3])
    try root.put(0x0020_0037, decimals: [1, 0, 0, 0, 1, 0])
    try root.put(0x0020_4000, "LT", "CANARY-COMMENT")
    try root.put(0x0028_0002, "US", numbers: [1])
    try root.put(0x0028_0004, "CS", "MONOCHROME2")
    try root.put(0x0028_0010, "US", numbers: [5])
    try root.put(0x0028_0011, "US", numbers: [6])
    try root.put(0x0028_0030, decimals: [spacing, spacing])
    try root.put(0x0028_0100, "US", numbers: [16])
    try root.put(0x0028_0101, "US", numbers: [12])
    try root.put(0x0028_0102, "US", numbers: [11])
    try root.put(0x0028_0103, "US", numbers: [0])
    try change(root)
    let pixels = (0..<30).map { UInt16($0 + 100 * z + patientID.utf8.count) }
    try writer.putPixels(pixels.withUnsafeBytes { [UInt8]($0) }, bits: 16)
    let path = "\(folder)/IM\(z + 1)"
    try writer.write(to: path, transferSyntax: "1.2.840.10008.1.2.1")
    return path
  }

  /// Where the voxels of ``write(to:)`` lie.
  var grid: Grid {
    Grid(
      size: SIMD3(6, 5, slices),
      affine: Affine(spacing: SIMD3(2, 2, 3), origin: SIMD3(10, 20, 0)))
  }
}

let smallGrid = Grid(
  size: SIMD3(4, 3, 2), affine: Affine(spacing: SIMD3(1, 2, 3), origin: SIMD3(5, 6, 7)))

/// A NIfTI file whose voxels depend on `seed`.
func writeNIfTI(_ path: String, seed: Int = 0, grid: Grid = smallGrid) throws {
  try FileManager.default.createDirectory(
    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
  let values = (0..<grid.count).map { Int16(truncatingIfNeeded: $0 + seed * 1000) }
  try NIfTIFile.write(Volume(grid: grid, values: values), to: path)
}

func writeMask(_ path: String, grid: Grid = smallGrid, seed: Int = 0) throws {
  try FileManager.default.createDirectory(
    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
  try NIfTIFile.write(sampleMask(grid, seed: seed), to: path)
}

func sampleMask(_ grid: Grid, seed: Int = 0) -> LabelMap {
  LabelMap(grid: grid, labels: (0..<grid.count).map { UInt16(($0 + seed) % 3) })
}

/// Every file below a folder with its bytes.
func tree(_ folder: String) -> [String: Data] {
  var files: [String: Data] = [:]
  let walk = FileManager.default.enumerator(atPath: folder)
  while let below = walk?.nextObject() as? String {
    if let data = FileManager.default.contents(atPath: folder + "/" + below) { files[below] = data }
  }
  return files
}
