import DICOM
import Testing

/// Faults 1 to 29 of DICOM's bytes. Archives and folders are tested where they are read.
@Suite struct ByteFaults {
  @Test(arguments: files + meta + lengths) func aFileIsReadOrRefusedAsAWhole(fault: Fault) throws {
    #expect(Outcome(try fault.bytes()) == fault.outcome)
  }

  @Test(arguments: nesting + values) func anElementIsReadOrItsFileRefused(fault: Fault) throws {
    #expect(Outcome(try fault.bytes()) == fault.outcome)
  }

  @Test func fault26ADeflateBombStopsAtTheLimitOfAFile() {
    var limits = DICOMFile.Limits()
    limits.fileBytes = 1 << 20
    var file = FaultyFile()
    file.syntax = TransferSyntax.deflated
    let head = 132 + 12 + 30  // preamble, group length, transfer syntax
    let bomb = Array(file.bytes.prefix(head)) + Deflate.zeros(count: 4 << 20)
    #expect(bomb.count < 30_000)
    #expect(Outcome(bomb, limits: limits) == .refused("limit"))
  }

  @Test func fault18MoreElementsThanTheLimitAreRefused() {
    var limits = DICOMFile.Limits()
    limits.elements = 15
    #expect(Outcome(FaultyFile().bytes, limits: limits) == .refused("limit"))
  }

  private static func junk(_ text: String, count: Int = 400) -> [UInt8] {
    Array(repeating: Array(text.utf8), count: count / text.utf8.count + 1).flatMap { $0 }
  }

  private static let files: [Fault] = [
    Fault("1 empty file", .refused("not-dicom"), bytes: { [] }),
    Fault("2 fewer than 132 bytes", .refused("not-dicom")) {
      Array(FaultyFile().bytes.prefix(131))
    },
    Fault("3 no preamble", .taken(FaultyFile.values)) { Array(FaultyFile().bytes.dropFirst(132)) },
    Fault("4 no meta group") { $0.preamble = [] },
    Fault("9 header cut short", .refused("malformed")) { Array(FaultyFile().bytes.prefix(260)) },
    Fault("9 header cut between elements", .refused("malformed")) {
      $0.pixels = nil
      $0.elements.removeAll { $0.tag >= 0x0028_0002 }
    },
    Fault("10 pixel data cut short", .refused("pixels")) { Array(FaultyFile().bytes.dropLast(5)) },
    Fault("11 a padding byte behind odd pixel data", .taken(Array(1...9))) {
      $0.set(0x0028_0010, 3)
      $0.set(0x0028_0011, 3)
      $0.set(0x0028_0100, 8)
      $0.set(0x0028_0101, 8)
      $0.set(0x0028_0102, 7)
      $0.setPixels([UInt8](1...9))
    },
    Fault("11 less than a row of padding") {
      $0.setPixels(FaultyFile.values.map { UInt16($0) } + [7, 7])
    },
    Fault("11 pixel data of two frames for one", .refused("pixels")) {
      $0.setPixels((FaultyFile.values + FaultyFile.values).map { UInt16($0) })
    },
    Fault("29 text", .refused("not-dicom"), bytes: { junk("Dear colleague, ") }),
    Fault(
      "29 JPEG", .refused("not-dicom"), bytes: { [0xFF, 0xD8, 0xFF, 0xE0] + junk("\0\u{10}JFIF") }),
    Fault("29 PDF", .refused("not-dicom"), bytes: { junk("%PDF-1.4 ") }),
    Fault("gzip of something else", .refused("not-dicom"), bytes: { Deflate.gzip(junk("hello ")) }),
    Fault("gzip of a file", .taken(FaultyFile.values), bytes: { Deflate.gzip(FaultyFile().bytes) }),
    Fault("gzip cut short", .refused("malformed")) {
      Array(Deflate.gzip(FaultyFile().bytes).dropLast(20))
    },
  ]

  private static let meta: [Fault] = [
    Fault("5 group length too large") { $0.metaLength = 60_000 },
    Fault("5 group length zero") { $0.metaLength = 0 },
    Fault("6 no transfer syntax") { $0.syntax = nil },
    Fault("7 unknown transfer syntax", .refused("transfer-syntax")) { $0.syntax = "1.2.3.4" },
    Fault("7 JPEG XL", .refused("transfer-syntax")) {
      $0.setFragments([[0xFF, 0x0A, 0, 0]], syntax: "1.2.840.10008.1.2.4.110")
    },
    Fault("7 MPEG-4", .refused("transfer-syntax")) {
      $0.setFragments([[0, 0, 0, 1]], syntax: "1.2.840.10008.1.2.4.102")
    },
    Fault("8 says explicit, is implicit", .taken(FaultyFile.values)) {
      FaultyFile().bytes.prefix(132 + 12 + 28) + FaultyFile().implicit
    },
    Fault("8 says implicit, is explicit") { $0.syntax = TransferSyntax.implicitLittleEndian },
    Fault("8 says big endian, is little", .refused("malformed")) {
      $0.syntax = TransferSyntax.explicitBigEndian
    },
    Fault("8 says JPEG, is native", .refused("malformed")) {
      $0.syntax = TransferSyntax.jpegLossless
    },
    Fault("8 says native, is in fragments", .refused("malformed")) {
      $0.setFragments([[0xFF, 0xD8, 0, 0]], syntax: TransferSyntax.explicitLittleEndian)
    },
    Fault("deflated", .taken(FaultyFile.values), bytes: { Deflate.file { $0 } }),
    Fault("27 deflated bytes damaged", .refused("malformed")) {
      Deflate.file { [$0[0], $0[1] ^ 1] + $0.dropFirst(2) }
    },
    Fault(
      "27 deflated bytes cut short", .refused("malformed"),
      bytes: { Deflate.file { Array($0.dropLast(9)) } }),
  ]

  private static let lengths: [Fault] = [
    Fault("12 length FFFFFFF0", .refused("malformed")) {
      $0.set(0x0009_1001, "UN", bytes: [1, 2], length: 0xFFFF_FFF0)
    },
    Fault("12 pixel data of length FFFFFFF0", .refused("limit")) {
      $0.setPixels(bytes: [1, 2], length: 0xFFFF_FFF0)
    },
    Fault("13 odd length") { $0.set(0x0010_0010, "PN", bytes: Array("ABC".utf8)) },
    Fault("14 undefined length of no sequence", .refused("malformed")) {
      $0.set(0x0009_1001, "OB", bytes: [1, 2, 3, 4], length: .max)
    },
    Fault("15 no delimiters", .refused("malformed")) {
      $0.put(0x0008_1140, Nesting.open(0x0008_1140))
    },
    Fault("15 no delimiter of the last fragment") {
      $0.setFragments([RLE.frame(FaultyFile.values)], syntax: TransferSyntax.rle, ends: false)
    },
  ]

  private static let nesting: [Fault] = [
    Fault("16 an icon in fragments") {
      $0.setFragments([RLE.frame(FaultyFile.values)], syntax: TransferSyntax.rle)
      $0.put(0x0088_0200, Nesting.icon + Nesting.close)
    },
    Fault("16 an icon in fragments without an end", .refused("pixels")) {
      $0.put(0x0088_0200, Nesting.icon.dropLast(8) + Nesting.close)
    },
    Fault("16 depth 64") { $0.put(0x0008_1140, Nesting.sequences(64)) },
    Fault("16 depth 65", .refused("limit")) { $0.put(0x0008_1140, Nesting.sequences(65)) },
    Fault("17 depth 20000", .refused("limit")) { $0.put(0x0008_1140, Nesting.sequences(20_000)) },
    Fault("18 a million tiny elements") { file in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(8_000_000)
      for index in 0..<UInt32(1_000_000) {
        let tag = (0x0009 + 2 * (index >> 16)) << 16 | index & 0xFFFF
        bytes += FaultyFile.element(tag, "LO", [])
      }
      file.put(0x0009_0000, bytes)
    },
    Fault("19 Rows twice, the first counts") {
      $0.put(
        0x0028_0010,
        FaultyFile.element(0x0028_0010, "US", [3, 0])
          + FaultyFile.element(0x0028_0010, "US", [9, 0]))
    },
    Fault("20 Rows before everything") {
      $0.remove(0x0028_0010)
      $0.elements.insert((0, FaultyFile.element(0x0028_0010, "US", [3, 0])), at: 0)
    },
    Fault("20 pixel data before the header", .refused("malformed")) {
      ($0.pixels, $0.tail) = (nil, $0.elements.flatMap(\.bytes))
      $0.elements = [(0, FaultyFile.element(0x7FE0_0010, "OW", [1, 0]))]
    },
    Fault("22 UN that is a sequence of undefined length") {
      $0.put(
        0x0009_1001,
        FaultyFile.element(0x0009_1001, "UN", [], length: .max) + Nesting.item
          + FaultyFile.key(0x0008_0100) + FaultyFile.little(2) + Array("AB".utf8) + Nesting.close)
    },
    Fault("23 private elements without a creator") {
      $0.set(0x0029_1010, "UN", bytes: [1, 2, 3, 4])
    },
  ]

  private static let values: [Fault] = [
    Fault("21 Rows of VR IS", .refused("pixels")) { $0.set(0x0028_0010, "IS", "3") },
    Fault("21 an unknown VR") {
      $0.put(0x0009_1001, FaultyFile.key(0x0009_1001) + Array("zz".utf8) + [2, 0, 1, 2])
    },
    Fault("21 NumberOfFrames 1A, of one frame") { $0.set(0x0028_0008, "IS", "1A") },
    Fault("24 GB18030") {
      $0.set(0x0008_0005, "CS", "GB18030")
      $0.set(0x0010_0010, "PN", bytes: [0xCD, 0xF5, 0x5E, 0xD0])
    },
    Fault("25 a decimal comma in PixelSpacing", .refused("geometry")) {
      $0.set(0x0028_0030, "DS", "1,5\\1")
    },
    Fault("25 NaN in PixelSpacing", .refused("geometry")) { $0.set(0x0028_0030, "DS", "NaN\\1") },
    Fault("25 a decimal comma in RescaleSlope", .refused("pixels")) {
      $0.set(0x0028_1053, "DS", "1,5")
    },
    Fault("25 seventeen characters") { $0.set(0x0028_0030, "DS", "1.000000000000001\\1") },
    Fault("25 an empty RescaleSlope") { $0.set(0x0028_1053, "DS", "") },
    Fault("25 InstanceNumber that is none") { $0.set(0x0020_0013, "IS", "first") },
  ]
}

/// Nested sequences of undefined length.
enum Nesting {
  static let item: [UInt8] = [0xFE, 0xFF, 0, 0xE0, 255, 255, 255, 255]
  static let close: [UInt8] =
    [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0] + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]

  static func open(_ tag: UInt32) -> [UInt8] {
    FaultyFile.element(tag, "SQ", [], length: .max) + item
  }

  /// A sequence of one item, not closed, with pixels in fragments, which are.
  static let icon =
    open(0x0088_0200) + FaultyFile.element(0x7FE0_0010, "OB", [], length: .max)
    + [0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0] + [0xFE, 0xFF, 0, 0xE0, 2, 0, 0, 0, 0xFF, 0xD8]
    + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]

  static func sequences(_ depth: Int) -> [UInt8] {
    (0..<depth).flatMap { _ in open(0x0008_1140) } + (0..<depth).flatMap { _ in close }
  }
}

/// Deflate by hand (RFC 1951): stored blocks, and zeros that pack 159 to 1.
enum Deflate {
  static func stored(_ bytes: [UInt8]) -> [UInt8] {
    let count = UInt16(bytes.count)
    return [1, UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8)]
      + bytes
  }

  /// The small image, its data set deflated and then changed.
  static func file(_ change: ([UInt8]) -> [UInt8]) -> [UInt8] {
    var file = FaultyFile()
    file.syntax = TransferSyntax.deflated
    let head = 132 + 12 + 30
    let bytes = file.bytes
    return bytes.prefix(head) + change(stored(Array(bytes[head...])))
  }

  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    let crc = ~bytes.reduce(UInt32.max) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1) &* 0xEDB8_8320 }
    }
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + stored(bytes) + FaultyFile.little(crc)
      + FaultyFile.little(UInt32(bytes.count))
  }

  /// A literal zero, then as many repetitions of 258 as `count` has, in one fixed block.
  static func zeros(count: Int) -> [UInt8] {
    var (bytes, bits, filled): ([UInt8], UInt32, Int) = ([], 0, 0)
    func put(_ text: String) {
      for bit in text {
        bits |= (bit == "1" ? 1 : 0) << filled
        filled += 1
        if filled == 8 {
          bytes.append(UInt8(bits))
          (bits, filled) = (0, 0)
        }
      }
    }
    put("1" + "10" + "00110000")  // last block, fixed codes, the literal
    for _ in 0..<count / 258 { put("11000101" + "00000") }
    put("0000000" + "0000000")
    return bytes
  }
}

/// RLE by hand: literal runs only.
enum RLE {
  /// Segments of bytes, the highest of a sample first, up to 128 samples.
  static func frame(_ values: [Int], width: Int = 2) -> [UInt8] {
    let segments = (0..<width).map { byte in
      let run = values.map { UInt8($0 >> (8 * (width - 1 - byte)) & 0xFF) }
      return [UInt8(run.count - 1)] + run + (run.count % 2 == 0 ? [0x80] : [])
    }
    var (offsets, at): ([UInt32], UInt32) = ([], 64)
    for segment in segments {
      offsets.append(at)
      at += UInt32(segment.count)
    }
    let header = [UInt32(width)] + offsets
    let zeros = [UInt32](repeating: 0, count: 16 - header.count)
    return (header + zeros).flatMap(FaultyFile.little) + segments.flatMap { $0 }
  }
}
