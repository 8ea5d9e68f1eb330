import DICOM
import Foundation
import Imaging

/// Headers of slices that no file holds, made after a written one: for what depends on headers alone.
struct SyntheticSeries {
  let pattern: DICOMHeader

  init() throws {
    pattern = try DICOMFile.header(Fixtures.path("encodings/explicit.dcm"))
  }

  /// An axial slice at `z` mm.
  func slice(
    _ z: Double, uid: Int, _ change: (inout DICOMHeader) -> Void = { _ in }
  ) -> DICOMHeader {
    var header = pattern
    header.identity.path = "/scan/\(uid)"
    header.identity.sopInstanceUID = "2.25.1000\(uid)"
    header.instanceNumber = uid
    header.pixelDigest = "\(uid)"
    header.planes[0].position = SIMD3(0, 0, z)
    change(&header)
    return header
  }

  func stack(
    _ heights: [Double], from uid: Int = 1, _ change: (inout DICOMHeader) -> Void = { _ in }
  ) -> [DICOMHeader] {
    heights.enumerated().map { slice($1, uid: uid + $0, change) }
  }

  /// Volumes over one another, `change` hearing of the number of each.
  func repeated(
    _ heights: [Double], times: Int, _ change: (Int, inout DICOMHeader) -> Void = { _, _ in }
  ) -> [DICOMHeader] {
    (0..<times).flatMap { time in
      stack(heights, from: time * heights.count + 1) { change(time, &$0) }
    }
  }
}

extension DICOMGrouping {
  var reasons: String { refused.map(\.error.reason).joined(separator: "; ") }

  /// What the slices of the first series are, in order of place and time: the numbers of its files.
  var order: [Int] {
    guard let first = series.first else { return [] }
    let places = zip(first.headers, first.slices).map { ($1[0], $0.instanceNumber ?? 0) }
    return places.sorted { $0.0 < $1.0 }.map(\.1)
  }
}

extension SyntheticSeries {
  /// Writes a sound axial slice, of 2 × 2 ones unless other pixels are given, with one change, and returns its path.
  func write(
    _ folder: String, pixels: [UInt8] = [UInt8](repeating: 1, count: 8),
    _ change: (DICOMWriter.Item) throws -> Void
  ) throws -> String {
    let writer = DICOMWriter()
    let item = writer.root
    for (tag, vr, text): (UInt32, String, String) in [
      (0x0008_0008, "CS", "ORIGINAL\\PRIMARY"), (0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.4"),
      (0x0008_0018, "UI", "2.25.1"), (0x0008_0060, "CS", "MR"), (0x0020_000E, "UI", "2.25.2"),
      (0x0020_0032, "DS", "0\\0\\0"), (0x0020_0037, "DS", "1\\0\\0\\0\\1\\0"),
      (0x0028_0004, "CS", "MONOCHROME2"), (0x0028_0030, "DS", "1\\1"),
    ] { try item.put(tag, vr, text) }
    for (element, value): (UInt32, Double) in [
      (2, 1), (0x10, 2), (0x11, 2), (0x100, 16), (0x101, 16), (0x102, 15), (0x103, 0),
    ] { try item.put(0x0028_0000 | element, "US", numbers: [value]) }
    try writer.putPixels(pixels, bits: 16)
    try change(item)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = folder + "/slice.dcm"
    try writer.write(to: path, transferSyntax: TransferSyntax.explicitLittleEndian)
    return path
  }
}
