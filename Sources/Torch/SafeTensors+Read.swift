import Foundation

extension SafeTensors {
  /// Reads an archive. Every length and offset is compared with the file before anything of its size is allocated.
  public init(reading path: String) throws(TorchError) {
    let file = try ReadableFile(path)
    let (header, start) = try SafeTensorsHeader.read(file)
    var tensors: [String: Tensor] = [:]
    for (name, entry) in header.entries.sorted(by: {
      $0.value.bytes.lowerBound < $1.value.bytes.lowerBound
    }) {
      let bytes = try file.bytes(at: start + entry.bytes.lowerBound, count: entry.bytes.count)
      if entry.dtype == .bool, let wrong = bytes.first(where: { $0 > 1 }) {
        throw .archive(
          path: path, reason: "tensor \(name) holds \(wrong) where only 0 or 1 may stand")
      }
      let made = bytes.withUnsafeBytes { buffer in
        Result { () throws(TorchError) in try Tensor(bytes: buffer, entry.shape, entry.dtype) }
      }
      tensors[name] = try made.get()
    }
    self.init(tensors: tensors, metadata: header.metadata)
  }
}

extension SafeTensorsHeader {
  /// Reads and checks the header only; needs no LibTorch.
  public init(reading path: String) throws(TorchError) {
    self = try Self.read(ReadableFile(path)).header
  }

  /// The header, and where in the file the elements begin.
  static func read(
    _ file: ReadableFile
  ) throws(TorchError) -> (header: SafeTensorsHeader, start: Int) {
    guard file.size >= 8 else {
      throw .archive(path: file.path, reason: "it is shorter than the length of a header")
    }
    let length = try file.bytes(at: 0, count: 8).reversed().reduce(UInt64(0)) {
      $0 << 8 | UInt64($1)
    }
    guard length <= UInt64(longest), Int(length) <= file.size - 8 else {
      throw .archive(
        path: file.path,
        reason: "its header of \(length) bytes is longer than the file or the limit")
    }
    let text = try file.bytes(at: 8, count: Int(length))
    let start = 8 + Int(length)
    return (try parse(text, path: file.path, elements: file.size - start), start)
  }

  /// Parses a header and checks it against the number of bytes that follow it.
  static func parse(
    _ text: [UInt8], path: String, elements: Int
  ) throws(TorchError) -> SafeTensorsHeader {
    let raw: RawHeader
    do {
      raw = try JSONDecoder().decode(RawHeader.self, from: Data(text))
    } catch {
      throw .archive(path: path, reason: "its header is not the JSON that the format asks for")
    }
    var entries: [String: Entry] = [:]
    for (name, entry) in raw.entries { entries[name] = try entry.checked(name, path, elements) }
    try checkCoverage(entries, path: path, elements: elements)
    return SafeTensorsHeader(entries: entries, metadata: raw.metadata)
  }

  /// The tensors lie one after the other without hole or overlap, as the format asks.
  private static func checkCoverage(
    _ entries: [String: Entry], path: String, elements: Int
  ) throws(TorchError) {
    var end = 0
    let ordered = entries.sorted {
      ($0.value.bytes.lowerBound, $0.value.bytes.upperBound, $0.key)
        < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound, $1.key)
    }
    for (name, entry) in ordered {
      guard entry.bytes.lowerBound == end else {
        throw .archive(
          path: path, reason: "tensor \(name) begins at \(entry.bytes.lowerBound), not at \(end)")
      }
      end = entry.bytes.upperBound
    }
    guard end == elements else {
      throw .archive(path: path, reason: "its tensors need \(end) bytes and \(elements) are there")
    }
  }
}

/// The header as JSON says it, nothing checked.
private struct RawHeader: Decodable {
  var entries: [String: RawEntry] = [:]
  var metadata: [String: String] = [:]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        entries[key.stringValue] = try container.decode(RawEntry.self, forKey: key)
      }
    }
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

private struct RawEntry: Decodable {
  var dtype: String
  var shape: [Int]
  var offsets: [Int]

  enum CodingKeys: String, CodingKey {
    case dtype, shape
    case offsets = "data_offsets"
  }

  /// The entry, if its numbers agree with each other and with the bytes that are there.
  func checked(
    _ name: String, _ path: String, _ elements: Int
  ) throws(TorchError) -> SafeTensorsHeader.Entry {
    guard let type = DType(archiveName: dtype) else {
      throw .unsupportedType(path: path, tensor: name, type: dtype)
    }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1],
      offsets[1] <= elements
    else {
      throw .archive(
        path: path, reason: "tensor \(name) lies at \(offsets) of \(elements) bytes")
    }
    var size = type.size
    for length in shape {
      // An axis of length 0 would hide that the others are too long to be multiplied.
      let (product, overflow) = size.multipliedReportingOverflow(by: max(length, 1))
      guard length >= 0, !overflow, shape.count <= 64 else {
        throw .archive(path: path, reason: "tensor \(name) has an impossible shape")
      }
      size = product
    }
    if shape.contains(0) { size = 0 }
    guard size == offsets[1] - offsets[0] else {
      throw .archive(
        path: path,
        reason: "tensor \(name) of \(size) bytes is given \(offsets[1] - offsets[0])")
    }
    return .init(dtype: type, shape: shape, bytes: offsets[0]..<offsets[1])
  }
}
