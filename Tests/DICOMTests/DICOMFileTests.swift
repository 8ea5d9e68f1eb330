import DICOM
import Foundation
import Testing

/// Bytes that nobody vouches for: each is refused with its reason, and the process lives on.
@Suite struct DICOMFileTests {
  private func code(_ bytes: [UInt8], decode: Bool = true) -> String {
    do throws(DICOMError) {
      let file = try DICOMFile(bytes: bytes)
      let header = try file.header()
      guard decode, let format = header.pixels else { return "taken" }
      var failure: DICOMError?
      var buffer = [UInt8](repeating: 0, count: format.frameBytes)
      buffer.withUnsafeMutableBytes { target in
        for frame in 0..<format.frames {
          do throws(DICOMError) {
            try file.decode(frame: frame, format: format, into: target)
          } catch { failure = failure ?? error }
        }
      }
      if let failure { throw failure }
      return "taken"
    } catch {
      return error.code
    }
  }

  private func patched(_ name: String, _ change: (inout [UInt8]) -> Void) throws -> String {
    var bytes = try Fixtures.bytes(name)
    change(&bytes)
    return code(bytes)
  }

  @Test func whatIsNoDICOMFileIsCalledThat() {
    #expect(code([]) == "not-dicom")
    #expect(code([UInt8](repeating: 0, count: 131)) == "not-dicom")
    #expect(code(Array("GIF89a and so on, long enough to be looked at".utf8)) == "not-dicom")
    #expect(code([UInt8](repeating: 0, count: 128) + Array("DICM".utf8)) == "malformed")
    #expect(throws: DICOMError.self) { try DICOMFile(path: "/dev/null") }
    #expect(throws: DICOMError.self) { try DICOMFile(path: "/no/such/file") }
  }

  @Test(arguments: ["explicit", "implicit", "big-endian", "rle", "jpeg-ls", "frames-rle"])
  func aFileCutAnywhereIsRefused(name: String) throws {
    let bytes = try Fixtures.bytes(name)
    #expect(code(bytes) == "taken")
    for length in stride(from: 0, to: bytes.count - 16, by: 7) {
      #expect(code(Array(bytes.prefix(length))) != "taken", "\(length) of \(bytes.count) bytes")
    }
  }

  @Test func aFlippedByteNeverEndsTheProcess() throws {
    for name in ["implicit", "rle", "jpeg-lossless-sv1", "jpeg-ls", "jpeg2000", "frames-rle"] {
      let bytes = try Fixtures.bytes(name)
      var state: UInt64 = 1
      for _ in 0..<300 {
        var damaged = bytes
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        damaged[Int(state >> 33) % bytes.count] ^= UInt8(truncatingIfNeeded: state >> 20) | 1
        let limit = Set([
          "taken", "malformed", "limit", "pixels", "decoding", "unsupported", "transfer-syntax",
          "not-dicom", "geometry",
        ])
        #expect(limit.contains(code(damaged)))
      }
    }
  }

  @Test(arguments: [(64, "malformed"), (65, "limit"), (20_000, "limit")])
  func sequencesNestedTooDeepAreRefusedBeforeParsing(depth: Int, expected: String) throws {
    let bytes = try Fixtures.bytes("explicit")
    let start = try #require(Fixtures.find([8, 0, 8, 0], in: bytes, from: 132))
    let open: [UInt8] =
      [0x08, 0, 0x00, 0x10, 0x53, 0x51, 0, 0, 255, 255, 255, 255]
      + [0xFE, 0xFF, 0, 0xE0, 255, 255, 255, 255]
    let close: [UInt8] =
      [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0] + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
    let nested =
      bytes[..<start] + (0..<depth).flatMap { _ in open } + (0..<depth).flatMap { _ in close }
    // Nothing follows, so what is within the limit lacks its image.
    #expect(code(Array(nested)) == expected)
  }

  @Test func lengthsPastTheEndAreRefused() throws {
    let found = try patched("explicit") { bytes in
      Fixtures.set(0x0010_0020, [], in: &bytes)
      if let at = Fixtures.find([0x10, 0, 0x20, 0, 0x4C, 0x4F], in: bytes) {
        (bytes[at + 6], bytes[at + 7]) = (0xFF, 0xFF)
      }
    }
    #expect(found == "malformed")
  }

  @Test(arguments: [
    (UInt32(0x0028_0010), [UInt8(0), 0], "pixels"), (0x0028_0010, [255, 255], "limit"),
    (0x0028_0011, [36, 0], "pixels"), (0x0028_0100, [12, 0], "unsupported"),
    (0x0028_0100, [64, 0], "unsupported"), (0x0028_0101, [17, 0], "pixels"),
    (0x0028_0101, [0, 0], "pixels"), (0x0028_0102, [16, 0], "pixels"),
    (0x0028_0102, [3, 0], "pixels"), (0x0028_0002, [3, 0], "unsupported"),
  ])
  func numbersThatDoNotFitThePixelsAreRefused(
    tag: UInt32, value: [UInt8], expected: String
  ) throws {
    #expect(try patched("explicit") { Fixtures.set(tag, value, in: &$0) } == expected)
  }

  @Test(arguments: ["jpeg-lossless-sv1", "jpeg-ls", "jpeg2000", "jpeg-baseline"])
  func aStreamOfAnotherSizeThanTheHeaderIsRefused(name: String) throws {
    #expect(try patched(name) { Fixtures.set(0x0028_0010, [200, 0], in: &$0) } == "pixels")
  }

  @Test func aFewBytesThatClaimABillionPixelsAreRefusedBeforeAnyIsAllocated() throws {
    let found = try patched("jpeg-ls") { bytes in
      Fixtures.set(0x0028_0010, [0x00, 0xF0], in: &bytes)
      Fixtures.set(0x0028_0011, [0x00, 0xF0], in: &bytes)
    }
    #expect(found == "limit")
  }

  @Test func aJPEGMarkerThatSendsDCMTKIntoALoopIsRefused() throws {
    let found = try patched("jpeg-baseline") { bytes in
      if let start = Fixtures.find([0xFF, 0xD8, 0xFF], in: bytes) {
        (bytes[start + 2], bytes[start + 3]) = (0xFF, 0x01)
      }
    }
    #expect(found == "pixels")
  }

  @Test func moreFramesThanFragmentsAreRefused() throws {
    let found = try patched("frames-rle") { Fixtures.set(0x0028_0008, Array("9 ".utf8), in: &$0) }
    #expect(found == "pixels" || found == "geometry")
    #expect(
      try patched("frames") { Fixtures.set(0x0028_0008, Array("-1".utf8), in: &$0) } == "pixels")
    #expect(
      try patched("frames") { Fixtures.set(0x0028_0008, Array("0 ".utf8), in: &$0) } == "pixels")
  }

  @Test func coloursAreRefusedAndNamed() throws {
    let found = try patched("explicit") { bytes in
      Fixtures.set(0x0028_0004, Array("PALETTE COL".utf8), in: &bytes)
    }
    #expect(found == "unsupported")
  }

  @Test func whatAWorkerDoesNotAnswerForStaysInMemoryBounds() throws {
    var limits = DICOMFile.Limits()
    limits.decodedBytes = 1_000
    #expect(throws: DICOMError.self) {
      try DICOMFile(path: Fixtures.path("encodings/explicit.dcm"), limits: limits).header()
    }
    limits = DICOMFile.Limits()
    limits.fileBytes = 1_000
    #expect(throws: DICOMError.self) {
      try DICOMFile(path: Fixtures.path("encodings/explicit.dcm"), limits: limits)
    }
    limits = DICOMFile.Limits()
    limits.elements = 10
    #expect(throws: DICOMError.self) {
      try DICOMFile(path: Fixtures.path("encodings/explicit.dcm"), limits: limits)
    }
  }
}
