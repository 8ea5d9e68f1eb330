import DICOM
import Imaging
import TestFolders
import Testing

/// pydicom's and DCMTK's encodings of one image; see Fixtures/encodings.py.
@Suite struct TransferSyntaxTests {
  static let lossless = [
    "explicit", "implicit", "big-endian", "rle", "jpeg2000", "jpeg-lossless", "jpeg-lossless-sv1",
    "jpeg-lossless-2", "jpeg-lossless-3", "jpeg-lossless-4", "jpeg-lossless-5",
    "jpeg-lossless-6", "jpeg-lossless-7", "htj2k", "jpeg-ls", "high-bit-15",
    "one-frame-many-fragments", "headerless",
  ]
  static let frames = [
    "frames", "frames-rle", "frames-jpeg2000", "frames-fragments-table",
    "frames-fragments-markers", "frames-extended-table", "frames-deflated",
  ]

  private func wide(_ x: Int, _ y: Int, _ frame: Int = 0) -> Int {
    ((37 * x + 91 * y + 3 * x * y) % 4096 + 500 * frame) % 4096
  }

  private func narrow(_ x: Int, _ y: Int) -> Int { 60 + 2 * x + 3 * y }

  private func volume(_ name: String) throws -> Volume {
    try volume(at: Fixtures.path("encodings/\(name).dcm"))
  }

  private func volume(at path: String) throws -> Volume {
    let header = try DICOMFile.header(path)
    var policy = DICOMSeries.Policy()
    policy.singleSlices = true
    let grouping = DICOMSeries.group([header], policy: policy)
    return try #require(grouping.series.first, "\(grouping.refused)").volume()
  }

  private func expect(
    _ volume: Volume, within tolerance: Int = 0, _ value: (Int, Int, Int) -> Int
  ) throws {
    #expect(SIMD2(volume.grid.size.x, volume.grid.size.y) == SIMD2(35, 33))
    let stored = try #require(
      volume.type == .int32 ? volume.values().map { Int($0) } : volume.integers())
    var worst = 0
    for (index, value_) in stored.enumerated() {
      let (x, y, z) = (index % 35, index / 35 % 33, index / 35 / 33)
      worst = max(worst, abs(value_ - value(x, y, z)))
    }
    #expect(worst <= tolerance)
  }

  @Test(arguments: lossless)
  func everyLosslessEncodingGivesTheSameValues(name: String) throws {
    let volume = try volume(name)
    #expect(volume.type == .uint16)
    try expect(volume) { x, y, _ in wide(x, y) }
  }

  @Test(arguments: ["narrow", "big-endian-8", "rle-narrow"])
  func eightBitsAreRead(name: String) throws {
    let volume = try volume(name)
    #expect(volume.type == .uint8)
    try expect(volume) { x, y, _ in narrow(x, y) }
  }

  @Test func sevenBitsOfJPEGLSAreRead() throws {
    let volume = try volume("jpeg-ls-7")
    #expect(volume.type == .uint8)
    try expect(volume) { x, y, _ in wide(x, y) >> 5 }
  }

  @Test(arguments: frames)
  func framesAreFoundInFragmentsAndTables(name: String) throws {
    let volume = try volume(name)
    #expect(volume.grid.size.z == 3)
    try expect(volume) { x, y, z in wide(x, y, z) }
  }

  @Test func lossyEncodingsComeNear() throws {
    try expect(try volume("jpeg-baseline"), within: 3) { x, y, _ in narrow(x, y) }
    try expect(try volume("jpeg-ls-near"), within: 2) { x, y, _ in wide(x, y) }
    for name in ["jpeg-extended", "jpeg-spectral", "jpeg-progressive"] {
      try expect(try volume(name), within: 40) { x, y, _ in wide(x, y) }
    }
  }

  /// Some encoders leave the end of the spectrum in a sequential stream's scan header at 0.
  @Test func aSequentialStreamMaySayNothingOfItsSpectrum() throws {
    try withFolder { folder in
      let path = try Fixtures.patched("jpeg-extended", in: folder) { bytes in
        if let scan = Fixtures.find([0xFF, 0xDA, 0, 8, 1], in: bytes) { bytes[scan + 8] = 0 }
      }
      try expect(try volume(at: path), within: 40) { x, y, _ in wide(x, y) }
    }
  }

  /// Some encoders work out the difference of the sixth prediction in 16 bits, and overflow.
  @Test func theSixthPredictionMayHaveOverflowedOrNot() throws {
    for name in ["jpeg-lossless-6-16", "jpeg-lossless-6-overflow"] {
      let volume = try volume(name)
      #expect(volume.type == .int16)
      try expect(volume) { x, y, _ in 8 * (wide(x, y) - 2048) }
    }
  }

  /// A lossy stream of 16 bits goes beyond the 12 that the header says are stored.
  @Test func whatOvershootsTheStoredBitsSaturates() throws {
    try expect(try volume("jpeg2000-overshoot"), within: 100) { x, y, _ in
      (x / 5 + y / 5) % 2 * 4095
    }
  }

  /// Some encoders of JPEG-LS fill a stream up before its end marker.
  @Test func zerosBeforeTheEndOfAStreamAreNoDamage() throws {
    try withFolder { folder in
      let path = try Fixtures.patched("jpeg-ls", in: folder) { bytes in
        guard let start = Fixtures.find([0xFF, 0xD8, 0xFF, 0xF7], in: bytes),
          let end = Fixtures.find([0xFF, 0xD9], in: bytes, from: start)
        else { return }
        bytes.insert(contentsOf: [0, 0], at: end)
        bytes[start - 4] += 2
      }
      try expect(try volume(at: path)) { x, y, _ in wide(x, y) }
    }
  }

  @Test func junkAboveTheStoredBitsIsMaskedAndTheSignExtended() throws {
    let volume = try volume("signed-12-junk")
    #expect(volume.type == .int16)
    try expect(volume) { x, y, _ in wide(x, y) - 2048 }
  }

  @Test func thirtyTwoBitsKeepTheirSign() throws {
    let volume = try volume("signed-32")
    #expect(volume.type == .int32)
    // Float32 has 24 bits of mantissa.
    try expect(volume, within: 16) { x, y, _ in (wide(x, y) - 2048) * 100_000 }
  }

  @Test func spacingOfColumnsComesFromTheSecondValue() throws {
    let spacing = try volume("explicit").grid.affine.spacing
    #expect(SIMD2(spacing.x, spacing.y) == SIMD2(1, 2))
  }

  @Test(arguments: [
    ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
    ("1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate"),
    ("1.2.840.10008.1.2.4.94", "JPIP Referenced"),
    ("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main"), ("1.2.3", "an unknown transfer syntax"),
  ])
  func whatNothingDecodesIsRefusedByItsName(uid: String, name: String) throws {
    try withFolder { folder in
      let path = try Fixtures.patched("jpeg-ls", in: folder) { bytes in
        Fixtures.replace("1.2.840.10008.1.2.4.80", by: uid, in: &bytes)
      }
      let error = #expect(throws: DICOMError.self) { try DICOMFile.header(path) }
      #expect(error == .transferSyntax(path: path, uid: uid, name: name))
      #expect(error?.description == "\(path): no decoder for \(name) (\(uid))")
    }
  }

  @Test func aDeflatedFrameThatHasNotItsSizeIsRefused() throws {
    for rows: UInt8 in [32, 34] {
      try withFolder { folder in
        let path = try Fixtures.patched("frames-deflated", in: folder) { bytes in
          Fixtures.set(0x0028_0010, [rows, 0], in: &bytes)
        }
        let error = #expect(throws: DICOMError.self) { try volume(at: path) }
        let amount = rows < 33 ? "more" : "less"
        #expect(error?.reason.contains("a deflated frame holds \(amount) than its pixels") == true)
      }
    }
  }
}
