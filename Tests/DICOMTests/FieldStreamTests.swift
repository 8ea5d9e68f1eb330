import DICOM
import Imaging
import Testing

@Suite struct FieldStreamTests {
  /// A header in which most fields have a value.
  private func header() throws -> DICOMHeader {
    var header = try DICOMFile(bytes: Fixtures.bytes("explicit")).header()
    header.identity.path = "/scans/Jörg\u{1F600}.dcm"
    header.identity.patientID = ""
    header.identity.protocolName = "a\u{0}b"
    header.acquisition.echoTime = -4.5
    header.acquisition.contrast = false
    header.burnedIn = .capture
    header.pixels?.padding = -2000
    header.labelObject = LabelObject(
      kind: .structureSet, seriesUIDs: ["1.2", "1.3"], instanceUIDs: [],
      frameOfReferenceUIDs: ["9"],
      grid: Grid(size: SIMD3(1, 2, 3), affine: .identity))
    header.instanceNumber = Int.min
    header.tiling = SIMD2(4, 5)
    header.planes[0].intercept = .infinity
    header.planes[0].component = .fieldmap
    (header.planes[0].kVp, header.planes[0].kernel) = (80.5, "Br38d")
    header.planes[0].time.indices = [2, -2.3e-308]
    header.planes.append(header.planes[0])
    return header
  }

  private func read<Value: FieldPacked>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
    bytes.withUnsafeBytes { Value(fieldBytes: $0) }
  }

  @Test func whatIsPackedIsReadAsItWas() throws {
    let full = try header()
    #expect(read(DICOMHeader.self, full.fieldBytes) == full)
    #expect(read(DICOMHeader.self, DICOMHeader.blank.fieldBytes) == .blank)
  }

  @Test func aSeriesIsReadAsItWas() throws {
    let full = try header()
    var series = DICOMSeries.blank
    (series.headers, series.slices, series.flags) = ([full, .blank], [[0, -1], []], ["mosaic"])
    series.color = .rgb
    for (leading, scaling): (LeadingAxis, Scaling) in [
      (.none, .identity), (.time(3), .uniform(slope: 2, intercept: -1)),
      (.channel(1), .perSlice(slope: [1, 2], intercept: [3, 4])),
    ] {
      (series.leading, series.scaling) = (leading, scaling)
      #expect(read(DICOMSeries.self, series.fieldBytes) == series)
    }
  }

  @Test func bytesThatAreCutShortOrTooLongAreRefused() throws {
    let full = try header()
    let bytes = full.fieldBytes
    for count in bytes.indices {
      #expect(read(DICOMHeader.self, Array(bytes[..<count])) == nil)
    }
    #expect(read(DICOMHeader.self, bytes + [0]) == nil)
  }

  @Test func noByteCanEndTheReader() throws {
    let full = try header()
    let bytes = full.fieldBytes
    var unlike = 0
    for place in bytes.indices {
      for flip: UInt8 in [1, 0x80, 0xFF] {
        var changed = bytes
        changed[place] ^= flip
        if read(DICOMHeader.self, changed) != full { unlike += 1 }
      }
    }
    #expect(unlike > 2 * bytes.count)
  }
}
