import DICOM
import Foundation
import Imaging
import TestFolders
import Testing

/// Colours by policy: two slices of three rows and four columns.
@Suite struct ColorTests {
  /// Groups two slices of these colours and decodes them.
  private func volume(
    _ policy: ColorPolicy, _ change: (inout FaultyFile) -> Void
  ) throws -> (volume: Volume?, error: DICOMError?) {
    try withFolder { folder in
      let headers = try (0..<2).map { slice in
        var file = FaultyFile()
        file.set(0x0008_0018, "UI", "2.25.\(slice)")
        file.set(0x0020_0032, "DS", "0\\0\\\(slice * 3)")
        change(&file)
        if slice == 1 { file.set(0x0020_0013, "IS", "2") }
        let path = folder + "/\(slice)"
        try Data(file.bytes).write(to: URL(fileURLWithPath: path))
        return try DICOMFile.header(path)
      }
      var rules = DICOMSeries.Policy()
      rules.color = policy
      let grouping = DICOMSeries.group(headers, policy: rules)
      guard let series = grouping.series.first else { return (nil, grouping.refused.first?.error) }
      do throws(DICOMError) {
        return (try series.volume(), nil)
      } catch {
        return (nil, error)
      }
    }
  }

  private func rgb(_ file: inout FaultyFile) {
    file.setColor("RGB", planar: 1)
    file.setPixels(PixelFaults.planes.map { UInt8($0) })
  }

  /// Indices 0 to 11 into tables of 16 entries.
  private func palette(_ file: inout FaultyFile, _ channels: Int, bits: Int = 16) {
    file.setBits(8)
    file.set(0x0028_0004, "CS", "PALETTE COLOR")
    for channel in 0..<channels {
      file.set(0x0028_1101 + UInt32(channel), 16, 0, bits)
      let entries = (0..<16).map { bits == 16 ? ($0 * 10 + channel) << 8 : $0 * 10 + channel }
      let words = entries.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      file.set(0x0028_1201 + UInt32(channel), "OW", bytes: words)
    }
    file.setPixels([UInt8](0..<12))
  }

  @Test func coloursAreRefusedUnlessAskedFor() throws {
    let error = try volume(.refuse, rgb).error
    #expect(error?.code == "unsupported")
    #expect(error?.reason.contains("ingest.color") ?? false)
  }

  @Test func redGreenAndBlueBecomeChannels() throws {
    let volume = try #require(try volume(.rgb, rgb).volume)
    #expect(volume.leading == .channel(3) && volume.type == .uint8)
    #expect(volume.grid.size == SIMD3(4, 3, 2))
    for channel in 0..<3 {
      let plane = (0..<12).map { Float(channel * 100 + $0) }
      #expect(volume.values(lead: channel) == plane + plane)
    }
  }

  @Test func luminanceIsTheSumThatTelevisionTakes() throws {
    let volume = try #require(try volume(.luminance, rgb).volume)
    #expect(volume.leading == .none && volume.type == .uint8)
    let expected = (0..<12).map { Float((0.587 * 100 + 0.114 * 200 + Double($0)).rounded()) }
    #expect(volume.values() == expected + expected)
  }

  @Test func greyInYBRIsGreyInRGB() throws {
    let volume = try #require(
      try volume(.rgb) { file in
        file.setColor("YBR_FULL", planar: 1)
        file.setPixels([UInt8](40..<52) + [UInt8](repeating: 128, count: 24))
      }.volume)
    for channel in 0..<3 {
      #expect(volume.values(lead: channel).prefix(12) == (40..<52).map { Float($0) }[...])
    }
  }

  @Test(arguments: [8, 16]) func aPaletteIsAppliedWhateverBitsItCallsItsOwn(bits: Int) throws {
    let volume = try #require(try volume(.rgb) { palette(&$0, 3, bits: bits) }.volume)
    #expect(volume.type == .uint8)
    for channel in 0..<3 {
      #expect(
        Array(volume.values(lead: channel).prefix(12)) == (0..<12).map { Float($0 * 10 + channel) })
    }
  }

  @Test func fault51APaletteImageWithoutAWholePaletteIsRefused() throws {
    #expect(try volume(.rgb) { palette(&$0, 0) }.error?.code == "pixels")
    #expect(try volume(.luminance) { palette(&$0, 2) }.error?.code == "pixels")
    #expect(try volume(.refuse) { palette(&$0, 0) }.error?.code == "unsupported")
  }
}
