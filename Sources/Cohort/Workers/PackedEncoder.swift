import DICOM

/// Packs `Codable` values into bytes: messages between parent and worker, and the ledger's answers.
///
/// JSON took a third of the time of an ingest of small files. A value is a tag and its bytes: numbers
/// little endian, strings with their length, containers with theirs, so that a reader can pass over
/// what it does not know. Fields go by their names, as in JSON, so a message whose type has grown
/// is told from one that has not. What there is one of for each file is packed by itself, field by
/// field (``FieldPacked``), and stands here as bytes.
package struct PackedEncoder {
  /// The bytes of `value`, behind `room` bytes of zero.
  package static func encode(_ value: some Encodable, room: Int = 0) throws -> [UInt8] {
    let sink = PackedSink(room: room)
    try sink.encode(value)
    return sink.bytes
  }
}

/// What a packed value begins with.
enum PackedTag: UInt8 {
  case null, no, yes, integer, number, text, list, fields, bytes
}

/// The bytes so far, and the containers that are open: places of their lengths.
private final class PackedSink {
  var bytes: [UInt8]
  private var open: [Int] = []

  init(room: Int) {
    bytes = []
    bytes.reserveCapacity(1024)
    bytes.append(contentsOf: repeatElement(0, count: room))
  }

  var depth: Int { open.count }

  func put(_ tag: PackedTag) { bytes.append(tag.rawValue) }

  func put<Number: FixedWidthInteger>(raw number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  func put(_ text: String) {
    var text = text
    text.withUTF8 {
      put(raw: UInt32($0.count))
      bytes.append(contentsOf: $0)
    }
  }

  func begin(_ tag: PackedTag) {
    put(tag)
    open.append(bytes.count)
    put(raw: UInt32(0))
  }

  /// Ends the containers that were opened inside the one at `depth`: a later write to an outer
  /// container is all that tells that an inner one is complete.
  func close(to depth: Int) {
    while open.count > depth {
      let place = open.removeLast()
      let length = UInt32(bytes.count - place - 4)
      bytes.withUnsafeMutableBytes {
        $0.storeBytes(of: length.littleEndian, toByteOffset: place, as: UInt32.self)
      }
    }
  }

  func encode(_ value: some Encodable) throws {
    switch value {
    case let text as String:
      put(.text)
      put(text)
    case let number as Double:
      put(.number)
      put(raw: number.bitPattern)
    case let integer as Int:
      put(.integer)
      put(raw: Int64(integer))
    case let flag as Bool: put(flag ? .yes : .no)
    case let fields as FieldBytes:
      put(.bytes)
      put(raw: UInt32(fields.bytes.count))
      bytes.append(contentsOf: fields.bytes)
    default:
      let depth = depth
      try value.encode(to: PackedValueEncoder(sink: self))
      close(to: depth)
    }
  }

  func encode(integer: some BinaryInteger) throws {
    guard let integer = Int64(exactly: integer) else {
      throw EncodingError.invalidValue(
        integer, .init(codingPath: [], debugDescription: "more than 63 bits"))
    }
    put(.integer)
    put(raw: integer)
  }
}

private struct PackedValueEncoder: Encoder {
  let sink: PackedSink
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    sink.begin(.fields)
    return KeyedEncodingContainer(PackedFields<Key>(sink: sink, depth: sink.depth))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    sink.begin(.list)
    return PackedList(sink: sink, depth: sink.depth)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { PackedSingle(sink: sink) }
}

private struct PackedFields<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let sink: PackedSink
  let depth: Int
  var codingPath: [any CodingKey] { [] }

  private func name(_ key: some CodingKey) {
    sink.close(to: depth)
    sink.put(key.stringValue)
  }

  func encodeNil(forKey key: Key) {
    name(key)
    sink.put(.null)
  }

  func encode(_ value: some Encodable, forKey key: Key) throws {
    name(key)
    try sink.encode(value)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    name(key)
    return PackedValueEncoder(sink: sink).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    name(key)
    return PackedValueEncoder(sink: sink).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { preconditionFailure("no message has a superclass") }
  func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
}

private struct PackedList: UnkeyedEncodingContainer {
  let sink: PackedSink
  let depth: Int
  var count = 0
  var codingPath: [any CodingKey] { [] }

  private mutating func next() {
    sink.close(to: depth)
    count += 1
  }

  mutating func encodeNil() {
    next()
    sink.put(.null)
  }

  mutating func encode(_ value: some Encodable) throws {
    next()
    try sink.encode(value)
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    next()
    return PackedValueEncoder(sink: sink).container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    next()
    return PackedValueEncoder(sink: sink).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { preconditionFailure("no message has a superclass") }
}

private struct PackedSingle: SingleValueEncodingContainer {
  let sink: PackedSink
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { sink.put(.null) }
  func encode(_ value: Bool) { sink.put(value ? .yes : .no) }
  func encode(_ value: String) {
    sink.put(.text)
    sink.put(value)
  }
  func encode(_ value: Double) {
    sink.put(.number)
    sink.put(raw: value.bitPattern)
  }
  func encode(_ value: Float) { encode(Double(value)) }
  func encode(_ value: Int) throws { try sink.encode(integer: value) }
  func encode(_ value: Int8) throws { try sink.encode(integer: value) }
  func encode(_ value: Int16) throws { try sink.encode(integer: value) }
  func encode(_ value: Int32) throws { try sink.encode(integer: value) }
  func encode(_ value: Int64) throws { try sink.encode(integer: value) }
  func encode(_ value: UInt) throws { try sink.encode(integer: value) }
  func encode(_ value: UInt8) throws { try sink.encode(integer: value) }
  func encode(_ value: UInt16) throws { try sink.encode(integer: value) }
  func encode(_ value: UInt32) throws { try sink.encode(integer: value) }
  func encode(_ value: UInt64) throws { try sink.encode(integer: value) }
  func encode(_ value: some Encodable) throws { try sink.encode(value) }
}
