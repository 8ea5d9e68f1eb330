import DICOM
import Foundation
import TestFolders
import Testing

@Suite struct DICOMHeaderTests {
  private static let syntax = TransferSyntax.explicitLittleEndian

  /// A slice in which every text is a canary, as far as its VR allows.
  private func write(_ path: String, _ change: (DICOMWriter) throws -> Void = { _ in }) throws {
    let writer = DICOMWriter()
    let item = writer.root
    try item.put(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\M")
    try item.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.4")
    try item.put(0x0008_0018, "UI", "2.25.5551")
    try item.put(0x0008_0060, "CS", "MR")
    try item.put(0x0008_0070, "LO", "CANARY maker")
    try item.put(0x0018_0015, "CS", "CANARY")
    try item.put(0x0018_0010, "LO", "CANARY agent")
    try item.put(0x0028_0002, "US", numbers: [1])
    try item.put(0x0028_0004, "CS", "MONOCHROME2")
    try item.put(0x0028_0010, "US", numbers: [2])
    try item.put(0x0028_0011, "US", numbers: [3])
    try item.put(0x0028_0030, decimals: [1, 1])
    try item.put(0x0028_0100, "US", numbers: [16])
    try item.put(0x0028_0101, "US", numbers: [16])
    try item.put(0x0028_0102, "US", numbers: [15])
    try item.put(0x0028_0103, "US", numbers: [0])
    try item.put(0x0020_0032, decimals: [-1.5, 2, 1.0 / 3])
    try item.put(0x0020_0037, decimals: [1, 0, 0, 0, 1, 0])
    for (tag, vr): (UInt32, String) in [
      (0x0010_0010, "PN"), (0x0010_0020, "LO"), (0x0008_0050, "SH"), (0x0008_1030, "LO"),
      (0x0008_103E, "LO"), (0x0018_1030, "LO"), (0x0008_0080, "LO"), (0x0020_4000, "LT"),
      (0x0009_0010, "LO"),
    ] { try item.put(tag, vr, "CANARY") }
    try item.put(0x0020_000D, "UI", "2.25.5552")
    try item.put(0x0020_000E, "UI", "2.25.5553")
    try item.put(0x0020_0052, "UI", "2.25.5554")
    try writer.putPixels([UInt8](repeating: 7, count: 12), bits: 16)
    try change(writer)
    try writer.write(to: path, transferSyntax: Self.syntax)
  }

  @Test func identityLiesInOneStructAndNowhereElse() throws {
    try withFolder { folder in
      try write(folder + "/a.dcm")
      var header = try DICOMFile.header(folder + "/a.dcm")
      #expect(header.identity.patientID == "CANARY")
      #expect(header.identity.seriesDescription == "CANARY")
      #expect(header.identity.seriesInstanceUID == "2.25.5553")
      header.identity = DICOMHeader.blank.identity
      let rest = String(decoding: header.fieldBytes, as: UTF8.self)
      #expect(!rest.contains("CANARY") && !rest.contains("2.25.555") && !rest.contains(folder))
      #expect(header.acquisition.manufacturer == "other")
      #expect(header.acquisition.contrast == true && header.acquisition.bodyPart == nil)
    }
  }

  @Test func aHeaderSurvivesJSON() throws {
    try withFolder { folder in
      try write(folder + "/a.dcm")
      let header = try DICOMFile.header(folder + "/a.dcm")
      let back = try JSONDecoder().decode(DICOMHeader.self, from: JSONEncoder().encode(header))
      #expect(back == header)
      #expect(abs(header.planes[0].position.z - 1.0 / 3) < 1e-13)
    }
  }

  @Test func namesInLatin1StayApart() throws {
    var bytes = try Fixtures.bytes("explicit")
    Fixtures.set(0x0010_0020, [0xE4, 0x20], in: &bytes)
    let first = try DICOMFile(bytes: bytes).header().identity.patientID
    Fixtures.set(0x0010_0020, [0xF6, 0x20], in: &bytes)
    let second = try DICOMFile(bytes: bytes).header().identity.patientID
    #expect(first == "ä" && second == "ö")
  }

  @Test(arguments: [
    (UInt32(0x0020_0032), "DS", "1\\2", "geometry"), (0x0020_0032, "DS", "1\\2\\x", "geometry"),
    (0x0020_0037, "DS", "1\\0\\0\\1\\0\\0", "geometry"),
    (0x0020_0037, "DS", "2\\0\\0\\0\\1\\0", "geometry"), (0x0028_0030, "DS", "0\\1", "geometry"),
    (0x0028_1053, "DS", "0", "pixels"), (0x0028_0004, "CS", "RGB", "unsupported"),
  ])
  func placesAndScalesThatMakeNoSenseAreRefused(
    tag: UInt32, vr: String, text: String, code: String
  ) throws {
    try withFolder { folder in
      try write(folder + "/a.dcm") { try $0.root.put(tag, vr, text) }
      let error = #expect(throws: DICOMError.self) { try DICOMFile.header(folder + "/a.dcm") }
      #expect(error?.code == code)
    }
  }

  /// Nothing is missing from it, so nobody is sent to look for what is.
  @Test(arguments: ["1", "1.2", "12.1", "12.2", "12.1.1"])
  func aProjectionIsRefusedAsWhatItIs(kind: String) throws {
    try withFolder { folder in
      for frames in ["", "4"] {
        try write(folder + "/a.dcm") { writer in
          try writer.root.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1." + kind)
          try writer.root.put(0x0020_0032, "DS", "")
          try writer.root.put(0x0028_0008, "IS", frames)
          if !frames.isEmpty { try writer.putPixels([UInt8](repeating: 7, count: 48), bits: 16) }
        }
        let error = #expect(throws: DICOMError.self) { try DICOMFile.header(folder + "/a.dcm") }
        #expect(error?.code == "unsupported" && error?.reason.contains("projection") == true)
      }
    }
  }

  @Test func monochrome1IsRecordedNotInverted() throws {
    try withFolder { folder in
      try write(folder + "/a.dcm") { try $0.root.put(0x0028_0004, "CS", "MONOCHROME1") }
      var policy = DICOMSeries.Policy()
      policy.singleSlices = true
      let header = try DICOMFile.header(folder + "/a.dcm")
      let series = try #require(DICOMSeries.group([header], policy: policy).series.first)
      #expect(series.flags.contains("monochrome1"))
      #expect(try series.volume().values() == [Float](repeating: 0x0707, count: 6))
    }
  }

  @Test(arguments: [("88.11", "structured report"), ("4.2", "spectroscopy")])
  func anObjectWithoutAnImageIsNoError(storage: String, kind: String) throws {
    try withFolder { folder in
      let writer = DICOMWriter()
      try writer.root.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1." + storage)
      try writer.root.put(0x0008_0018, "UI", "2.25.1")
      try writer.root.put(0x0020_000E, "UI", "2.25.2")
      try writer.root.put(0x0028_0010, "US", numbers: [1])  // Rows: of spectra
      try writer.write(to: folder + "/object", transferSyntax: Self.syntax)
      #expect(try DICOMFile.header(folder + "/object").nonImage == kind)
    }
  }

  @Test func paddingIsRecorded() throws {
    try withFolder { folder in
      try write(folder + "/a.dcm") { try $0.root.put(0x0028_0120, "US", numbers: [99]) }
      #expect(try DICOMFile.header(folder + "/a.dcm").pixels?.padding == 99)
    }
  }

  /// A de-identifier that blanks UIDs leaves the frame of reference, or nothing to go by.
  @Test func aBlankedSeriesIsThatOfItsFrameOfReferenceNumberAndTime() throws {
    func series(frame: String, number: String = "4") throws -> String? {
      try withFolder { folder in
        try write(folder + "/a.dcm") { writer in
          try writer.root.put(0x0020_000E, "UI", "")
          try writer.root.put(0x0020_0011, "IS", number)
          try writer.root.put(0x0020_0052, "UI", frame)
          try writer.root.put(0x0008_0031, "TM", "1200")
        }
        return try DICOMFile.header(folder + "/a.dcm").identity.seriesInstanceUID
      }
    }
    #expect(try series(frame: "2.25.7") == "2.25.7/4//1200")
    #expect(try series(frame: "2.25.7") != series(frame: "2.25.7", number: "5"))
    #expect(try series(frame: "") == nil)
  }
}
