import DICOM
import Imaging
import Testing

/// A small image put together element by element, so that any part of it can be wrong.
///
/// 4 columns, 3 rows, 16 bits of which 12 are stored, values 0, 100, …, 1100; explicit little endian.
struct FaultyFile: Sendable {
  var preamble = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
  var syntax: String? = TransferSyntax.explicitLittleEndian
  /// Bytes put in place of the group length of the meta header.
  var metaLength: UInt32?
  /// In the order of their tags unless moved.
  var elements: [(tag: UInt32, bytes: [UInt8])] = []
  /// Pixel data as an element, tag and length included; nil leaves them out.
  var pixels: [UInt8]?
  var tail: [UInt8] = []

  static let values = (0..<12).map { $0 * 100 }

  init() {
    set(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\M")
    set(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.4")
    set(0x0008_0018, "UI", "2.25.81")
    set(0x0008_0060, "CS", "MR")
    set(0x0010_0020, "LO", "P1")
    set(0x0020_000D, "UI", "2.25.82")
    set(0x0020_000E, "UI", "2.25.83")
    set(0x0020_0032, "DS", "0\\0\\0")
    set(0x0020_0037, "DS", "1\\0\\0\\0\\1\\0")
    set(0x0028_0002, 1)
    set(0x0028_0004, "CS", "MONOCHROME2")
    set(0x0028_0010, 3)
    set(0x0028_0011, 4)
    set(0x0028_0030, "DS", "1\\1")
    set(0x0028_0100, 16)
    set(0x0028_0101, 12)
    set(0x0028_0102, 11)
    set(0x0028_0103, 0)
    setPixels(Self.values.map { UInt16($0) })
  }

  /// Sets an element of a text VR, padded to an even length.
  mutating func set(_ tag: UInt32, _ vr: String, _ text: String) {
    set(tag, vr, bytes: Array(text.utf8) + (text.utf8.count % 2 == 1 ? [vr == "UI" ? 0 : 32] : []))
  }

  /// Sets unsigned short numbers.
  mutating func set(_ tag: UInt32, _ words: Int...) {
    set(tag, "US", bytes: words.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8 & 0xFF)] })
  }

  mutating func set(_ tag: UInt32, _ vr: String, bytes: [UInt8], length: UInt32? = nil) {
    put(tag, Self.element(tag, vr, bytes, length: length))
  }

  /// Puts whole bytes in the place of an element, or where it would stand.
  mutating func put(_ tag: UInt32, _ bytes: [UInt8]) {
    elements.removeAll { $0.tag == tag }
    let place = elements.firstIndex { $0.tag > tag } ?? elements.count
    elements.insert((tag, bytes), at: place)
  }

  mutating func remove(_ tag: UInt32) { elements.removeAll { $0.tag == tag } }

  mutating func setPixels<Number: FixedWidthInteger>(_ values: [Number]) {
    let bytes = values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) } }
    setPixels(bytes: bytes + (bytes.count % 2 == 1 ? [0] : []))
  }

  mutating func setPixels(
    bytes: [UInt8], tag: UInt32 = 0x7FE0_0010, vr: String = "OW", length: UInt32? = nil
  ) {
    pixels = Self.element(tag, vr, bytes, length: length)
  }

  /// Encapsulated pixel data: an offset table and fragments.
  mutating func setFragments(
    _ fragments: [[UInt8]], table: [UInt32] = [], syntax: String, ends: Bool = true
  ) {
    func item(_ bytes: [UInt8]) -> [UInt8] {
      [0xFE, 0xFF, 0x00, 0xE0] + Self.little(UInt32(bytes.count)) + bytes
    }
    self.syntax = syntax
    pixels =
      Self.element(0x7FE0_0010, "OB", [], length: .max) + item(table.flatMap(Self.little))
      + fragments.flatMap(item) + (ends ? [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0] : [])
  }

  var bytes: [UInt8] {
    var meta: [UInt8] = []
    if let syntax {
      let padded = Array(syntax.utf8) + (syntax.utf8.count % 2 == 1 ? [0] : [])
      meta = Self.element(0x0002_0010, "UI", padded)
    }
    let head = Self.element(0x0002_0000, "UL", Self.little(metaLength ?? UInt32(meta.count)))
    let isMeta = !preamble.isEmpty
    return preamble + (isMeta ? head + meta : []) + elements.flatMap(\.bytes) + (pixels ?? [])
      + tail
  }

  /// The same data set in implicit VR.
  var implicit: [UInt8] {
    (elements.map(\.bytes) + [pixels ?? []]).flatMap { bytes -> [UInt8] in
      let isLong = ["OB", "OW", "SQ", "UN", "UT"].contains(
        String(decoding: bytes[4..<6], as: UTF8.self))
      let length = isLong ? Array(bytes[8..<12]) : Array(bytes[6..<8]) + [0, 0]
      return Array(bytes[0..<4]) + length + bytes[(isLong ? 12 : 8)...]
    }
  }

  static func element(
    _ tag: UInt32, _ vr: String, _ bytes: [UInt8], length: UInt32? = nil
  ) -> [UInt8] {
    let isLong = ["OB", "OW", "OF", "OD", "SQ", "UN", "UT"].contains(vr)
    let count = length ?? UInt32(bytes.count)
    return key(tag) + Array(vr.utf8)
      + (isLong ? [0, 0] + little(count) : Array(little(count).prefix(2))) + bytes
  }

  static func key(_ tag: UInt32) -> [UInt8] {
    [tag >> 16, tag >> 24, tag, tag >> 8].map { UInt8(truncatingIfNeeded: $0) }
  }

  static func little(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
  }
}

/// What became of a file.
enum Outcome: Equatable, CustomStringConvertible {
  /// Its voxels.
  case taken([Int])
  /// The code of the error.
  case refused(String)

  var description: String {
    switch self {
    case .taken(let values): "taken: \(values.prefix(24))"
    case .refused(let code): "refused: \(code)"
    }
  }

  /// Reads a header and every frame, as ingest does.
  init(_ bytes: [UInt8], limits: DICOMFile.Limits = .init()) {
    do throws(DICOMError) {
      let file = try DICOMFile(bytes: bytes, limits: limits)
      let header = try file.header()
      guard let format = header.pixels else {
        self = .refused(header.nonImage ?? "nothing")
        return
      }
      self = .taken(try Self.voxels(file, format))
    } catch {
      self = .refused(error.code)
    }
  }

  /// Reads the format and every frame, whether or not the image has a place in the patient.
  init(pixels bytes: [UInt8], limits: DICOMFile.Limits = .init()) {
    do throws(DICOMError) {
      let file = try DICOMFile(bytes: bytes, limits: limits)
      self = .taken(try Self.voxels(file, try file.pixelFormat()))
    } catch {
      self = .refused(error.code)
    }
  }

  /// The voxels of all frames, those of floating point numbers rounded.
  static func voxels(_ file: DICOMFile, _ format: PixelFormat) throws(DICOMError) -> [Int] {
    var all: [Int] = []
    for frame in 0..<format.frames {
      var bytes = [UInt8](repeating: 0, count: format.frameBytes)
      let result = bytes.withUnsafeMutableBytes { buffer -> DICOMError? in
        do throws(DICOMError) {
          try file.decode(frame: frame, format: format, into: buffer)
          return nil
        } catch { return error }
      }
      if let result { throw result }
      all += numbers(bytes, format.type)
    }
    return all
  }

  private static func numbers(_ bytes: [UInt8], _ type: VoxelType) -> [Int] {
    func read<Number: FixedWidthInteger>(_: Number.Type) -> [Int] {
      bytes.withUnsafeBytes { $0.bindMemory(to: Number.self).map { Int($0) } }
    }
    switch type {
    case .uint8: return read(UInt8.self)
    case .int8: return read(Int8.self)
    case .uint16: return read(UInt16.self)
    case .int16: return read(Int16.self)
    case .uint32: return read(UInt32.self)
    case .int32: return read(Int32.self)
    case .float32:
      return bytes.withUnsafeBytes { $0.bindMemory(to: Float.self).map { Int($0.rounded()) } }
    default:
      return bytes.withUnsafeBytes { $0.bindMemory(to: Double.self).map { Int($0.rounded()) } }
    }
  }
}

/// A numbered fault: how it is planted and what must come of it.
struct Fault: Sendable, CustomTestStringConvertible {
  var name: String
  var bytes: @Sendable () throws -> [UInt8]
  var outcome: Outcome

  var testDescription: String { name }

  /// A fault in a small image.
  init(
    _ name: String, _ outcome: Outcome = .taken(FaultyFile.values),
    _ change: @escaping @Sendable (inout FaultyFile) throws -> Void
  ) {
    (self.name, self.outcome) = (name, outcome)
    bytes = {
      var file = FaultyFile()
      try change(&file)
      return file.bytes
    }
  }

  /// A fault in bytes.
  init(_ name: String, _ outcome: Outcome, bytes: @escaping @Sendable () throws -> [UInt8]) {
    (self.name, self.outcome, self.bytes) = (name, outcome, bytes)
  }
}
