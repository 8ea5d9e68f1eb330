import DICOM
import Testing

/// Faults 31 to 52 of DICOM's pixels.
@Suite struct PixelFaults {
  @Test(arguments: sizes + bits + colors) func numbersAreComparedWithThePixels(fault: Fault) throws
  {
    #expect(Outcome(pixels: try fault.bytes()) == fault.outcome)
  }

  @Test(arguments: fragments) func framesAreFoundInFragments(fault: Fault) throws {
    #expect(Outcome(pixels: try fault.bytes()) == fault.outcome)
  }

  @Test(arguments: streams) func aStreamThatContradictsItselfIsRefused(fault: Fault) throws {
    #expect(Outcome(try fault.bytes()) == fault.outcome)
  }

  @Test func fault41TheHeaderSaysHowACodestreamIsSigned() throws {
    var bytes = try Fixtures.bytes("jpeg2000")
    guard case .taken(let unsigned) = Outcome(bytes) else { throw Failed() }
    Fixtures.set(0x0028_0103, [1, 0], in: &bytes)
    #expect(unsigned.contains { $0 > 2047 })
    #expect(Outcome(bytes) == .taken(unsigned.map { $0 > 2047 ? $0 - 4096 : $0 }))
  }

  @Test func fault32SizesAboveTheLimitsAreRefused() {
    var limits = DICOMFile.Limits()
    limits.side = 3
    #expect(Outcome(FaultyFile().bytes, limits: limits) == .refused("limit"))
    limits = DICOMFile.Limits()
    limits.elementBytes = 20
    #expect(Outcome(FaultyFile().bytes, limits: limits) == .refused("limit"))
    limits = DICOMFile.Limits()
    limits.frames = 1
    var file = FaultyFile()
    file.set(0x0028_0008, "IS", "2")
    file.setPixels(twice.map { UInt16($0) })
    #expect(Outcome(pixels: file.bytes, limits: limits) == .refused("limit"))
  }

  @Test func anIconIsNotTakenForTheImage() {
    var file = FaultyFile()
    let icon = FaultyFile.element(0x7FE0_0010, "OW", [9, 9, 9, 9])
    file.put(
      0x0088_0200,
      FaultyFile.element(0x0088_0200, "SQ", [], length: .max) + Nesting.item + icon + Nesting.close)
    #expect(Outcome(file.bytes) == .taken(FaultyFile.values))
    file.pixels = nil
    #expect(Outcome(file.bytes) == .refused("unsupported"))
  }

  struct Failed: Error {}

  private static let sizes: [Fault] = [
    Fault("31 no rows", .refused("pixels")) { $0.set(0x0028_0010, 0) },
    Fault("31 no columns", .refused("pixels")) { $0.remove(0x0028_0011) },
    Fault("32 65535 rows and columns", .refused("limit")) {
      $0.set(0x0028_0010, 65_535)
      $0.set(0x0028_0011, 65_535)
    },
    Fault("32 32768 rows and columns", .refused("pixels")) {
      $0.set(0x0028_0010, 32_768)
      $0.set(0x0028_0011, 32_768)
    },
    Fault("34 no frames", .refused("pixels")) { $0.set(0x0028_0008, "IS", "0") },
    Fault("34 minus one frame", .refused("pixels")) { $0.set(0x0028_0008, "IS", "-1") },
    Fault("34 2147483647 frames", .refused("limit")) { $0.set(0x0028_0008, "IS", "2147483647") },
    Fault("36 17 of 16 bits", .refused("pixels")) { $0.set(0x0028_0101, 17) },
    Fault("36 no bits", .refused("pixels")) { $0.set(0x0028_0101, 0) },
    Fault("39 high bit past the end", .refused("pixels")) { $0.set(0x0028_0102, 16) },
    Fault("39 high bit below the stored ones", .refused("pixels")) { $0.set(0x0028_0102, 3) },
  ]

  private static let bits: [Fault] = [
    Fault("35 one bit", .taken([1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1])) {
      $0.setBits(1)
      $0.setPixels(bytes: [0b1000_1101, 0b1011])
    },
    Fault("35 one bit, a second frame within a byte", .taken(FaultyFile.odd + FaultyFile.odd)) {
      $0.setBits(1)
      $0.set(0x0028_0008, "IS", "2")
      $0.setPixels(bytes: [0b1010_1010, 0b1010_1010, 0b1010_1010, 0])
    },
    Fault("35 12 bits", .refused("unsupported")) { $0.set(0x0028_0100, 12) },
    Fault("35 24 bits", .refused("unsupported")) { $0.setBits(24) },
    Fault("35 32 bits", .taken(FaultyFile.values.map { $0 * 1_000_000 })) {
      $0.setBits(32)
      $0.setPixels(FaultyFile.values.map { UInt32($0 * 1_000_000) })
    },
    Fault("35 64 bits", .refused("unsupported")) { $0.setBits(64) },
    Fault("35 one bit in two bytes of RLE", .refused("pixels")) {
      $0.setBits(1)
      $0.setFragments([RLE.frame(FaultyFile.values)], syntax: TransferSyntax.rle)
    },
    Fault("35 one bit of JPEG", .refused("unsupported")) {
      $0.setBits(1)
      $0.setFragments([RLE.frame(FaultyFile.values)], syntax: TransferSyntax.jpegLossless)
    },
    Fault("37 float pixel data", .taken(FaultyFile.values.map { $0 - 600 })) {
      $0.setPixels(
        bytes: FaultyFile.values.flatMap { FaultyFile.little((Float($0) - 600).bitPattern) },
        tag: 0x7FE0_0008, vr: "OF")
    },
    Fault("37 double float pixel data", .taken(FaultyFile.values.map { $0 * -1000 })) {
      $0.setPixels(
        bytes: FaultyFile.values.flatMap { value in
          withUnsafeBytes(of: (Double(value) * -1000).bitPattern.littleEndian) { [UInt8]($0) }
        }, tag: 0x7FE0_0009, vr: "OD")
    },
    Fault("38 a sign in bit 11", .taken(FaultyFile.values.map { $0 - 600 })) {
      $0.set(0x0028_0103, 1)
      $0.setPixels(FaultyFile.values.map { UInt16(truncatingIfNeeded: $0 - 600) & 0xFFF })
    },
    Fault("39 high bit 15 of 12") {
      $0.set(0x0028_0102, 15)
      $0.setPixels(FaultyFile.values.map { UInt16($0 << 4) })
    },
    Fault("40 an overlay in bits 12 to 15") {
      $0.setPixels(FaultyFile.values.map { UInt16($0 | 0xB000) })
    },
    Fault("52 MONOCHROME1 stays as stored") { $0.set(0x0028_0004, "CS", "MONOCHROME1") },
    Fault("a modality lookup table", .taken((0..<12).map { 5000 - $0 * 10 })) {
      $0.setModalityTable(entries: 1200) { 5000 - $0 / 10 }
    },
    Fault(
      "a modality lookup table that ends early", .taken([7, 8] + [Int](repeating: 9, count: 10))
    ) {
      $0.setModalityTable(entries: 3, first: 0, bits: 8) { $0 + 7 }
      $0.setPixels([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as [UInt16])
    },
    Fault("a modality lookup table beside a rescale", .refused("pixels")) {
      $0.setModalityTable(entries: 1200) { $0 }
      $0.set(0x0028_1053, "DS", "2")
    },
    Fault("a modality lookup table without its values", .refused("unsupported")) {
      $0.setModalityTable(entries: 1200, given: 7) { $0 }
    },
  ]

  private static func bytes(_ count: Int, _ values: (Int) -> [Int]) -> [UInt8] {
    (0..<count).flatMap(values).map { UInt8($0) }
  }

  private static let colors: [Fault] = [
    Fault("50 colours by pixel", .taken(planes)) { file in
      file.setColor("RGB")
      file.setPixels(bytes(12) { [$0, 100 + $0, 200 + $0] })
    },
    Fault("50 colours by plane", .taken(planes)) {
      $0.setColor("RGB", planar: 1)
      $0.setPixels(planes.map { UInt8($0) })
    },
    Fault("50 two pixels of one colour", .taken(halved)) { file in
      file.setColor("YBR_FULL_422")
      file.setPixels(bytes(6) { [2 * $0, 2 * $0 + 1, 100 + $0, 200 + $0] })
    },
    Fault("two samples a pixel", .refused("unsupported")) {
      $0.setColor("RGB")
      $0.set(0x0028_0002, 2)
    },
    Fault("an unknown photometric interpretation", .refused("unsupported")) {
      $0.set(0x0028_0004, "CS", "HEAT")
    },
  ]

  static let planes: [Int] = (0..<36).map { $0 / 12 * 100 + $0 % 12 }
  private static let halved: [Int] = (0..<36).map { index -> Int in
    index < 12 ? index : index / 12 * 100 + index % 12 / 2
  }
  private static let rle: [UInt8] = RLE.frame(FaultyFile.values)
  private static let second: [UInt8] = RLE.frame(FaultyFile.values.map { $0 + 1 })
  private static let parts: [[UInt8]] = [rle, second].flatMap {
    [Array($0[..<70]), Array($0[70...])]
  }

  private static func frames(
    _ name: String, _ outcome: Outcome, _ fragments: [[UInt8]], table: [UInt32] = []
  ) -> Fault {
    Fault(name, outcome) {
      $0.set(0x0028_0008, "IS", "2")
      $0.setFragments(fragments, table: table, syntax: TransferSyntax.rle)
    }
  }

  private static let fragments: [Fault] = [
    frames("a fragment a frame", .taken(twice), [rle, second]),
    frames("33 more frames than fragments", .refused("pixels"), [rle]),
    frames("46 an empty fragment within a frame", .taken(twice), [rle, [], second]),
    frames("46 an empty frame", .refused("pixels"), [rle, []]),
    frames("47 fragments of a frame without a table", .taken(twice), parts),
    frames(
      "47 fragments of a frame with a table", .taken(twice), parts,
      table: [0, UInt32(rle.count) + 16]),
    frames("48 a table that points nowhere", .taken(twice), parts, table: [0, 7]),
    frames("48 a table that runs backwards", .taken(twice), parts, table: [99, 0]),
    frames(
      "48 a wrong table, and frames that look like none", .refused("pixels"),
      [[1, 2, 3, 4], [5, 6], [7, 8, 9, 10]], table: [0, 7]),
    Fault("49 a sequence delimiter among the pixels", .taken(FaultyFile.delimiters)) {
      $0.setBits(8)
      $0.setFragments([RLE.frame(FaultyFile.delimiters, width: 1)], syntax: TransferSyntax.rle)
    },
  ]

  private static func cut(_ name: String, keeping fraction: Double) throws -> [UInt8] {
    var bytes = try Fixtures.bytes(name)
    let starts: [[UInt8]] = [[0xFF, 0xD8, 0xFF], [0xFF, 0x4F, 0xFF, 0x51]]
    guard let first = starts.compactMap({ Fixtures.find($0, in: bytes) }).first else {
      throw Failed()
    }
    // The stream is zeros from where it is cut.
    let from = first + Int(Double(bytes.count - first) * fraction)
    for index in from..<bytes.count - 8 { bytes[index] = 0 }
    return bytes
  }

  private static func resized(_ name: String) throws -> [UInt8] {
    var bytes = try Fixtures.bytes(name)
    Fixtures.set(0x0028_0010, [32, 0], in: &bytes)
    return bytes
  }

  private static let streams: [Fault] = damaged + contradictions

  private static let damaged: [Fault] =
    ["jpeg-lossless-sv1", "jpeg-ls", "jpeg2000", "jpeg-baseline", "jpeg-extended"].flatMap { name in
      [
        Fault("42 \(name): another size than the header", .refused("pixels")) { try resized(name) },
        Fault("44 \(name): damaged midway", .refused("decoding")) { try cut(name, keeping: 0.6) },
      ]
    }

  private static let contradictions: [Fault] = [
    Fault("43 a marker without a length", .refused("pixels")) {
      var bytes = try Fixtures.bytes("jpeg-baseline")
      guard let start = Fixtures.find([0xFF, 0xD8, 0xFF], in: bytes) else { throw Failed() }
      (bytes[start + 2], bytes[start + 3]) = (0xFF, 0x01)
      return bytes
    },
    Fault("45 an RLE segment past the end", .refused("pixels")) {
      var frame = rle
      frame[9] = 0x10
      $0.setFragments([frame], syntax: TransferSyntax.rle)
    },
    Fault("45 an RLE run past the end", .refused("pixels")) {
      $0.setFragments([Array(rle.dropLast(6))], syntax: TransferSyntax.rle)
    },
    Fault("45 too many RLE segments", .refused("pixels")) {
      $0.setFragments([[200] + rle.dropFirst()], syntax: TransferSyntax.rle)
    },
  ]
}

private let twice = FaultyFile.values + FaultyFile.values.map { $0 + 1 }

extension FaultyFile {
  static let odd = (0..<12).map { $0 % 2 }
  static let delimiters = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0]

  /// All of so many allocated bits count.
  mutating func setBits(_ bits: Int) {
    set(0x0028_0100, bits)
    set(0x0028_0101, bits)
    set(0x0028_0102, bits - 1)
  }

  /// Three samples of a byte.
  mutating func setColor(_ photometric: String, planar: Int = 0) {
    setBits(8)
    set(0x0028_0002, 3)
    set(0x0028_0004, "CS", photometric)
    set(0x0028_0006, planar)
  }

  mutating func setModalityTable(
    entries: Int, first: Int = 0, bits: Int = 16, given: Int? = nil, _ value: (Int) -> Int
  ) {
    var item = FaultyFile()
    item.elements = []
    item.set(0x0028_3002, entries, first, bits)
    item.set(0x0028_3004, "LO", "US")
    let words = (0..<(given ?? entries)).map(value).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    item.set(0x0028_3006, "OW", bytes: words)
    put(
      0x0028_3000,
      FaultyFile.element(0x0028_3000, "SQ", [], length: .max) + Nesting.item
        + item.elements.flatMap(\.bytes) + Nesting.close)
  }
}
