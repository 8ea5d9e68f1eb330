import DICOM
import Foundation
import TestFolders
import Testing

@Suite struct SeriesDecoderTests {
  /// The header of an axial slice of 16 allocated bits, written to a file.
  private func slice(
    _ number: Int, at height: Double, rows: Int, columns: Int, bits: Int,
    slope: Double = 1, _ pixels: [UInt8], syntax: String, _ folder: String
  ) throws -> DICOMHeader {
    let writer = DICOMWriter()
    let item = writer.root
    try item.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2")
    try item.put(0x0008_0018, "UI", "2.25.\(10 - number)")
    try item.put(0x0008_0060, "CS", "CT")
    try item.put(0x0020_000E, "UI", "2.25.2")
    try item.put(0x0020_0032, decimals: [0, 0, height])
    try item.put(0x0020_0037, decimals: [1, 0, 0, 0, 1, 0])
    try item.putGrayPixels(rows: rows, columns: columns, bits: bits, spacing: 1)
    try item.put(0x0028_1052, decimals: [0])
    try item.put(0x0028_1053, decimals: [slope])
    try writer.putPixels(pixels, bits: 16)
    let path = folder + "/\(number).dcm"
    try writer.write(to: path, transferSyntax: syntax)
    return try DICOMFile.header(path)
  }

  /// Five axial slices of 3 × 2 pixels, each pixel with a value of its own.
  private func stack(_ folder: String) throws -> DICOMSeries {
    let headers = try (0..<5).map { (z: Int) -> DICOMHeader in
      let pixels: [UInt8] = (0..<12).map { UInt8($0 % 2 == 0 ? z * 6 + $0 / 2 : 0) }
      return try slice(
        z, at: Double(z), rows: 2, columns: 3, bits: 12, pixels, syntax: TransferSyntax.rle, folder)
    }
    return try #require(DICOMSeries.group(headers.shuffled()).series.first)
  }

  /// Slices of two pixels at uneven places, each with a slope of its own.
  private func uneven(
    _ places: [Double], slopes: [Double], _ folder: String
  ) throws -> DICOMSeries {
    let headers = try places.indices.map { z in
      try slice(
        z, at: places[z], rows: 1, columns: 2, bits: 16, slope: slopes[z],
        [0xFF, 0x7F, UInt8(10 * z), 0x20], syntax: TransferSyntax.explicitLittleEndian, folder)
    }
    var policy = DICOMSeries.Policy()
    policy.uneven = .resample
    return try #require(DICOMSeries.group(headers, policy: policy).series.first)
  }

  /// 2 KB, 0.7 MB and 18 MB, of which the first two are read and the last is mapped where it is wanted
  /// whole, and only the first is read where it is not.
  @Test(arguments: [32, 600, 3000])
  func aFileIsTheSameReadAndMapped(_ side: Int) throws {
    let folder = TemporaryFolder()
    let pixels = (0..<2 * side * side).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    let header = try slice(
      0, at: 0, rows: side, columns: side, bits: 16, pixels,
      syntax: TransferSyntax.explicitLittleEndian, folder.path)
    for isWhole in [true, false] {
      let file = try DICOMFile(path: header.identity.path, whole: isWhole)
      #expect(try file.header() == header)
      let format = try #require(header.pixels)
      var decoded = [UInt8](repeating: 0, count: format.frameBytes)
      try decoded.withUnsafeMutableBytes { memory in
        try file.decode(frame: 0, format: format, into: memory)
      }
      #expect(decoded == pixels)
    }
  }

  @Test func unevenSlicesOfDifferentSlopesAreInterpolatedAsRealValues() throws {
    try withFolder { folder in
      let places: [Double] = [0, 3, 6, 10, 13]
      let slopes: [Double] = [0.5, 2, 1, 0.25, 3]
      let series = try uneven(places, slopes: slopes, folder)
      let volume = try series.volume()
      let values = volume.values()
      for z in 0..<volume.grid.size.z {
        let height = Double(z) * volume.grid.affine.z.z
        let above = places.firstIndex { $0 > height - 1e-9 } ?? 4
        let below = max(above - 1, 0)
        let weight = above == below ? 0 : (height - places[below]) / (places[above] - places[below])
        for pixel in 0..<2 {
          let real = { (slice: Int) in
            slopes[slice] * (pixel == 0 ? 32767 : 8192 + 10 * Double(slice))
          }
          let expected = real(below) + (real(above) - real(below)) * weight
          let step = max(slopes[below], slopes[above])
          #expect(abs(Double(values[z * 2 + pixel]) - expected) <= 0.51 * step)
        }
      }
    }
  }

  private func decoded(_ series: DICOMSeries, step: Int) throws -> [UInt8] {
    let decoder = try SeriesDecoder(series)
    let (count, size) = (series.shape.sliceCount, series.shape.sliceBytes)
    var bytes = [UInt8](repeating: 0xEE, count: series.byteCount)
    try bytes.withUnsafeMutableBytes { all in
      for first in stride(from: 0, to: count, by: step) {
        let slices = first..<min(first + step, count)
        let range = slices.lowerBound * size..<slices.upperBound * size
        var files: [Int] = []
        let memory = UnsafeMutableRawBufferPointer(rebasing: all[range])
        try decoder.decode(slices, into: memory) { files.append($0) }
        #expect(files == decoder.files(of: slices))
      }
    }
    return bytes
  }

  @Test(arguments: 1...5)
  func partsOfAnySizeMakeTheWhole(step: Int) throws {
    try withFolder { folder in
      let series = try stack(folder)
      #expect(try decoded(series, step: step) == (0..<60).map { $0 % 2 == 0 ? UInt8($0 / 2) : 0 })
    }
  }

  @Test func whatDecodingNeedsNamesNobody() throws {
    try withFolder { folder in
      let series = try stack(folder)
      let bare = series.forDecoding
      #expect(bare.headers.allSatisfy { $0.identity.sopInstanceUID == nil })
      #expect(try decoded(bare, step: 2) == decoded(series, step: 5))
    }
  }

  @Test func aVolumeAboveTheLimitIsNotBegun() throws {
    try withFolder { folder in
      var limits = DICOMFile.Limits()
      limits.decodedBytes = 59
      let series = try stack(folder)
      #expect(throws: DICOMError.self) { try SeriesDecoder(series, limits: limits) }
    }
  }
}
