import DICOM

/// Reads what ``PackedEncoder`` wrote, from bytes that may be hostile: every length is compared with
/// what is there, nesting is bounded, and nothing is allocated by a number that was read.
package struct PackedDecoder {
  /// Reads a value that fills `bytes`.
  package static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value
  {
    let end = try PackedBytes(bytes).end(of: 0)
    guard end == bytes.count else { throw PackedFault.malformed }
    return try PackedValue(bytes: PackedBytes(bytes), at: 0, depth: 0).decode(type)
  }
}

/// Why packed bytes cannot be read.
package enum PackedFault: Error {
  case malformed, tooDeep, otherType, missing
}

/// Bytes with numbers and values in them.
private struct PackedBytes {
  private let all: [UInt8]

  init(_ all: [UInt8]) { self.all = all }

  func tag(at place: Int) throws -> PackedTag {
    guard place < all.count, let tag = PackedTag(rawValue: all[place]) else {
      throw PackedFault.malformed
    }
    return tag
  }

  func raw<Number: FixedWidthInteger>(_ type: Number.Type, at place: Int) throws -> Number {
    guard place <= all.count - MemoryLayout<Number>.size else { throw PackedFault.malformed }
    return all.withUnsafeBytes {
      Number(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: type))
    }
  }

  /// The bytes that a length at `place` announces; they are all there.
  func body(at place: Int) throws -> Range<Int> {
    let length = Int(try raw(UInt32.self, at: place))
    guard length <= all.count - place - 4 else { throw PackedFault.malformed }
    return place + 4..<place + 4 + length
  }

  /// Where the value that begins at `place` ends.
  func end(of place: Int) throws -> Int {
    switch try tag(at: place) {
    case .null, .no, .yes: return place + 1
    case .integer, .number:
      guard place + 9 <= all.count else { throw PackedFault.malformed }
      return place + 9
    case .text, .list, .fields, .bytes: return try body(at: place + 1).upperBound
    }
  }

  func bytes(_ range: Range<Int>) -> [UInt8] { Array(all[range]) }

  func text(_ range: Range<Int>) throws -> String {
    let text = all.withUnsafeBytes {
      String(utf8: UnsafeRawBufferPointer(rebasing: $0[range]))
    }
    guard let text else { throw PackedFault.malformed }
    return text
  }

  func equals(_ range: Range<Int>, _ name: String) -> Bool {
    guard name.utf8.count == range.count else { return false }
    var name = name
    return name.withUTF8 { name in
      all.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[range]).elementsEqual(name) }
    }
  }
}

/// One value and where it begins.
private struct PackedValue: Decoder {
  let bytes: PackedBytes
  let at: Int
  let depth: Int
  private static let deepest = 32
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if type == String.self { return try text() as! Value }
    if type == Double.self { return try number() as! Value }
    if type == Int.self { return try integer(Int.self) as! Value }
    if type == Bool.self { return try flag() as! Value }
    if type == FieldBytes.self { return FieldBytes(bytes: try fields()) as! Value }
    return try type.init(from: self)
  }

  var isNull: Bool { (try? bytes.tag(at: at)) == .null }

  func flag() throws -> Bool {
    switch try bytes.tag(at: at) {
    case .yes: true
    case .no: false
    default: throw PackedFault.otherType
    }
  }

  func text() throws -> String { try bytes.text(try body(.text)) }

  func fields() throws -> [UInt8] { bytes.bytes(try body(.bytes)) }

  func number() throws -> Double {
    if try bytes.tag(at: at) == .integer { return Double(try integer(Int.self)) }
    guard try bytes.tag(at: at) == .number else { throw PackedFault.otherType }
    return Double(bitPattern: try bytes.raw(UInt64.self, at: at + 1))
  }

  func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    guard try bytes.tag(at: at) == .integer,
      let number = Number(exactly: try bytes.raw(Int64.self, at: at + 1))
    else { throw PackedFault.otherType }
    return number
  }

  private func body(_ tag: PackedTag) throws -> Range<Int> {
    guard try bytes.tag(at: at) == tag else { throw PackedFault.otherType }
    guard depth < Self.deepest else { throw PackedFault.tooDeep }
    return try bytes.body(at: at + 1)
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(
      PackedFieldsReader<Key>(bytes: bytes, range: try body(.fields), depth: depth + 1))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let range = try body(.list)
    return PackedListReader(
      bytes: bytes, at: range.lowerBound, end: range.upperBound, depth: depth + 1)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer {
    PackedSingleReader(value: self)
  }
}

/// The fields of a value, found from where the last one was found: they come in the order in which
/// they were written.
private final class PackedFieldsReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let bytes: PackedBytes
  private let range: Range<Int>
  private let depth: Int
  private var place: Int

  init(bytes: PackedBytes, range: Range<Int>, depth: Int) {
    (self.bytes, self.range, self.depth, place) = (bytes, range, depth, range.lowerBound)
  }

  var codingPath: [any CodingKey] { [] }

  var allKeys: [Key] {
    var keys: [Key] = []
    var at = range.lowerBound
    while at < range.upperBound, let field = try? field(at: at) {
      if let key = (try? bytes.text(field.name)).flatMap(Key.init(stringValue:)) {
        keys.append(key)
      }
      at = field.end
    }
    return keys
  }

  private func field(at place: Int) throws -> (name: Range<Int>, end: Int) {
    let name = try bytes.body(at: place)
    let end = try bytes.end(of: name.upperBound)
    guard end <= range.upperBound else { throw PackedFault.malformed }
    return (name, end)
  }

  private func find(_ key: Key) throws -> PackedValue? {
    for bounds in [place..<range.upperBound, range.lowerBound..<place] {
      var at = bounds.lowerBound
      while at < bounds.upperBound {
        let (name, end) = try field(at: at)
        if bytes.equals(name, key.stringValue) {
          place = end
          return PackedValue(bytes: bytes, at: name.upperBound, depth: depth)
        }
        at = end
      }
    }
    return nil
  }

  private func value(_ key: Key) throws -> PackedValue {
    guard let value = try find(key) else { throw PackedFault.missing }
    return value
  }

  func contains(_ key: Key) -> Bool { (try? find(key)) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try value(key).decode(type)
  }

  private func present<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
    guard let value = try find(key), !value.isNull else { return nil }
    return try value.decode(type)
  }

  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    try present(type, key)
  }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    try present(type, key)
  }
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    try present(type, key)
  }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try present(type, key) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try value(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try value(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { throw PackedFault.missing }
  func superDecoder(forKey key: Key) throws -> any Decoder { throw PackedFault.missing }
}

private struct PackedListReader: UnkeyedDecodingContainer {
  let bytes: PackedBytes
  var at: Int
  let end: Int
  let depth: Int
  var currentIndex = 0
  var codingPath: [any CodingKey] { [] }
  var count: Int? {
    var (elements, place) = (currentIndex, at)
    while place < end, let next = try? bytes.end(of: place) {
      (elements, place) = (elements + 1, next)
    }
    return elements
  }
  var isAtEnd: Bool { at >= end }

  private mutating func next() throws -> PackedValue {
    guard at < end else { throw PackedFault.missing }
    let value = PackedValue(bytes: bytes, at: at, depth: depth)
    at = try bytes.end(of: at)
    guard at <= end else { throw PackedFault.malformed }
    currentIndex += 1
    return value
  }

  mutating func decodeNil() throws -> Bool {
    guard at < end, PackedValue(bytes: bytes, at: at, depth: depth).isNull else { return false }
    _ = try next()
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try next().decode(type)
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { throw PackedFault.missing }
}

private struct PackedSingleReader: SingleValueDecodingContainer {
  let value: PackedValue
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { value.isNull }
  func decode(_ type: Bool.Type) throws -> Bool { try value.flag() }
  func decode(_ type: String.Type) throws -> String { try value.text() }
  func decode(_ type: Double.Type) throws -> Double { try value.number() }
  func decode(_ type: Float.Type) throws -> Float { Float(try value.number()) }
  func decode(_ type: Int.Type) throws -> Int { try value.integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try value.integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try value.integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try value.integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try value.integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try value.integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try value.integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try value.integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try value.integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try value.integer(type) }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try value.decode(type) }
}
