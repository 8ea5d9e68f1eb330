import DICOM
import Foundation
import Imaging
import Testing

/// What dcm2niix made of a folder; see Fixtures/references.py.
private struct Reference: Codable {
  var folder: String
  var file: String
  var shape: [Int]
  var affine: [[Double]]
  var slope: Double
  var intercept: Double
  var crc: UInt32
}

/// Scanners' files beside dcm2niix. Where the shared data are absent there is nothing to compare.
@Suite struct RealSeriesTests {
  static let data = Fixtures.folder.deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("shared/data/dicom")

  static let folders = [
    "ct-head-philips", "ge-epi-4d", "philips-enhanced-b0", "philips-epi-rescale",
    "siemens-fieldmap-2echo", "siemens-mosaic", "siemens-sagittal-nonsquare", "transfer-syntaxes",
  ]

  @Test(arguments: folders)
  func everyReferenceOfDcm2niixIsFoundVoxelForVoxel(folder: String) throws {
    let input = Self.data.appendingPathComponent(folder + "/In").path
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: input) else { return }
    let references = try JSONDecoder().decode(
      [Reference].self,
      from: Data(contentsOf: Fixtures.folder.appendingPathComponent("references.json")))
    let headers = try names.sorted().map { try DICOMFile.header(input + "/" + $0) }
    let grouping = DICOMSeries.group(headers)
    #expect(grouping.refused.isEmpty)
    let wanted = references.filter { $0.folder == folder }
    #expect(grouping.series.count == wanted.count)
    #expect(Set(grouping.series.map { $0.seriesUID + $0.part }).count == grouping.series.count)
    let volumes = try grouping.series.map { try $0.volume() }
    for reference in wanted {
      #expect(
        volumes.contains { equals($0, reference) },
        "\(reference.file): none of \(volumes.map { ($0.grid, $0.leading, $0.scaling) })")
    }
  }

  @Test(arguments: folders)
  func theOrderOfFilesChangesNothing(folder: String) throws {
    let input = Self.data.appendingPathComponent(folder + "/In").path
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: input) else { return }
    let headers = try names.sorted().map { try DICOMFile.header(input + "/" + $0) }
    let straight = DICOMSeries.group(headers)
    let backward = DICOMSeries.group(headers.reversed())
    var random = SystemRandomNumberGenerator()
    let mixed = DICOMSeries.group(headers.shuffled(using: &random))
    #expect(straight.series == backward.series)
    #expect(straight.series == mixed.series)
  }

  private func equals(_ volume: Volume, _ reference: Reference) -> Bool {
    let target = Affine(ras: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]).orientation
    let (axes, flips) = volume.grid.order(towards: target)
    let grid = volume.grid.reordered(axes: axes, flips: flips)
    let shape = [grid.size.x, grid.size.y, grid.size.z]
    guard
      shape + (volume.leading.count > 1 ? [volume.leading.count] : []) == reference.shape,
      grid.affine.distance(to: Affine(ras: reference.affine), over: grid.size) < 1e-3
    else { return false }
    let (slope, intercept) = volume.scaling.pair(slice: 0)
    guard abs(slope - reference.slope) <= 1e-5 * abs(reference.slope),
      abs(intercept - reference.intercept) <= 1e-5 * abs(reference.intercept)
    else { return false }
    var stored: [Int32] = []
    for lead in 0..<volume.leading.count {
      let plain = Volume(
        grid: volume.grid, leading: volume.leading, type: volume.type, bytes: volume.bytes)
      let values = plain.values(lead: lead).map { Int32($0) }
      stored += reordered(values, size: volume.grid.size, axes: axes, flips: flips)
    }
    return stored.withUnsafeBytes { crc32($0) } == reference.crc
  }

  /// CRC-32 of zlib, bit by bit.
  private func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    let table = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1) &* 0xEDB8_8320 }
    }
    return ~bytes.reduce(UInt32.max) { crc, byte in
      table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8
    }
  }
}
