import DICOM
import Foundation
import TestFolders
import Testing

@Suite struct SeriesDecoderTests {
  /// Five axial slices of 3 × 2 pixels, each pixel with a value of its own.
  private func stack(_ folder: String) throws -> DICOMSeries {
    let headers = try (0..<5).map { z in
      let writer = DICOMWriter()
      let item = writer.root
      try item.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2")
      try item.put(0x0008_0018, "UI", "2.25.\(10 - z)")
      try item.put(0x0008_0060, "CS", "CT")
      try item.put(0x0020_000E, "UI", "2.25.2")
      try item.put(0x0020_0032, decimals: [0, 0, Double(z)])
      try item.put(0x0020_0037, decimals: [1, 0, 0, 0, 1, 0])
      try item.put(0x0028_0002, "US", numbers: [1])
      try item.put(0x0028_0004, "CS", "MONOCHROME2")
      try item.put(0x0028_0030, decimals: [1, 1])
      for (tag, value): (UInt32, Double) in [
        (0x10, 2), (0x11, 3), (0x100, 16), (0x101, 12), (0x102, 11), (0x103, 0),
      ] { try item.put(0x0028_0000 | tag, "US", numbers: [value]) }
      try writer.putPixels((0..<12).map { UInt8($0 % 2 == 0 ? z * 6 + $0 / 2 : 0) }, bits: 16)
      let path = folder + "/\(z).dcm"
      try writer.write(to: path, transferSyntax: TransferSyntax.rle)
      return try DICOMFile.header(path)
    }
    return try #require(DICOMSeries.group(headers.shuffled()).series.first)
  }

  /// PET of slices at uneven places, each with a slope of its own.
  private func uneven(_ places: [Double], slopes: [Double], _ folder: String) throws -> DICOMSeries
  {
    let headers = try zip(places, slopes).enumerated().map { z, slice in
      let writer = DICOMWriter()
      let item = writer.root
      try item.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.128")
      try item.put(0x0008_0018, "UI", "2.25.\(10 + z)")
      try item.put(0x0008_0060, "CS", "PT")
      try item.put(0x0020_000E, "UI", "2.25.3")
      try item.put(0x0020_0032, decimals: [0, 0, slice.0])
      try item.put(0x0020_0037, decimals: [1, 0, 0, 0, 1, 0])
      try item.put(0x0028_0002, "US", numbers: [1])
      try item.put(0x0028_0004, "CS", "MONOCHROME2")
      try item.put(0x0028_0030, decimals: [1, 1])
      for (tag, value): (UInt32, Double) in [
        (0x10, 1), (0x11, 2), (0x100, 16), (0x101, 16), (0x102, 15), (0x103, 1),
      ] { try item.put(0x0028_0000 | tag, "US", numbers: [value]) }
      try item.put(0x0028_1052, decimals: [0])
      try item.put(0x0028_1053, decimals: [slice.1])
      try writer.putPixels([0xFF, 0x7F, UInt8(10 * z), 0x20], bits: 16)
      let path = folder + "/\(z).dcm"
      try writer.write(to: path, transferSyntax: TransferSyntax.explicitLittleEndian)
      return try DICOMFile.header(path)
    }
    var policy = DICOMSeries.Policy()
    policy.uneven = .resample
    return try #require(DICOMSeries.group(headers, policy: policy).series.first)
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
