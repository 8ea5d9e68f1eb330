/// The fields of a value on their way into bytes, or out of bytes that may be hostile.
///
/// They lie one behind another without names, so that a header costs a microsecond and not thirty:
/// there is one for every file, and each crosses from a worker to its parent, into the ledger and out
/// of it. One list of fields serves both ways. Reading never throws: what does not fit leaves the
/// value as it was, and ``isSound`` says so at the end.
public struct FieldStream {
  private var bytes: [UInt8] = []
  private var source: UnsafeRawBufferPointer?
  private var at = 0
  /// False once something could not be read.
  public private(set) var isSound = true

  fileprivate init(room: Int) { bytes.reserveCapacity(room) }

  fileprivate init(reading source: UnsafeRawBufferPointer) { self.source = source }

  fileprivate var written: [UInt8] { bytes }

  /// Whether everything has been read, and well.
  fileprivate var isDone: Bool { isSound && at == source?.count }

  /// The next bytes of the source; nil where there are not so many.
  private mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard let source, isSound, count <= source.count - at else {
      isSound = false
      return nil
    }
    defer { at += count }
    return UnsafeRawBufferPointer(rebasing: source[at..<at + count])
  }

  private mutating func pass<Number: FixedWidthInteger>(raw number: inout Number) {
    if source == nil {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    } else if let taken = take(MemoryLayout<Number>.size) {
      number = Number(littleEndian: taken.loadUnaligned(as: Number.self))
    }
  }

  package mutating func pass(_ number: inout Int) {
    var raw = Int64(number)
    pass(raw: &raw)
    number = Int(raw)
  }

  mutating func pass(_ number: inout Double) {
    var raw = number.bitPattern
    pass(raw: &raw)
    number = Double(bitPattern: raw)
  }

  package mutating func pass(_ flag: inout Bool) {
    var raw: UInt8 = flag ? 1 : 0
    pass(raw: &raw)
    if raw > 1 { isSound = false }
    flag = raw == 1
  }

  package mutating func pass(_ text: inout String) {
    var count = UInt32(source == nil ? text.utf8.count : 0)
    pass(raw: &count)
    guard source != nil else { return bytes.append(contentsOf: text.utf8) }
    guard let taken = take(Int(count)), let read = String(utf8: taken) else {
      return isSound = false
    }
    text = read
  }

  /// A word of a list.
  package mutating func pass<Word: RawRepresentable<String>>(_ word: inout Word) {
    var text = word.rawValue
    pass(&text)
    guard let read = Word(rawValue: text) else { return isSound = false }
    word = read
  }

  mutating func pass(_ vector: inout SIMD3<Double>) {
    pass(&vector.x)
    pass(&vector.y)
    pass(&vector.z)
  }

  /// A value that may be missing; `blank` is what it is read into.
  mutating func pass<Value>(
    _ value: inout Value?, _ blank: @autoclosure () -> Value,
    _ each: (inout FieldStream, inout Value) -> Void
  ) {
    var isThere = value != nil
    pass(&isThere)
    guard isThere else { return value = nil }
    var read = value ?? blank()
    each(&self, &read)
    value = read
  }

  package mutating func pass(_ text: inout String?) { pass(&text, "") { $0.pass(&$1) } }
  mutating func pass(_ number: inout Double?) { pass(&number, 0) { $0.pass(&$1) } }
  mutating func pass(_ number: inout Int?) { pass(&number, 0) { $0.pass(&$1) } }
  mutating func pass(_ flag: inout Bool?) { pass(&flag, false) { $0.pass(&$1) } }

  /// Values of a kind. They are made one by one as they are read, never by their number.
  mutating func pass<Value>(
    _ values: inout [Value], _ blank: @autoclosure () -> Value,
    _ each: (inout FieldStream, inout Value) -> Void
  ) {
    var count = UInt32(values.count)
    pass(raw: &count)
    guard source != nil else {
      for index in values.indices { each(&self, &values[index]) }
      return
    }
    values = []
    values.reserveCapacity(min(Int(count), 64))
    for _ in 0..<count {
      var value = blank()
      each(&self, &value)
      guard isSound else { return }
      values.append(value)
    }
  }
}

/// A value that is packed field by field; see ``FieldStream``.
public protocol FieldPacked: Codable {
  /// What is read into.
  static var blank: Self { get }

  /// Passes every field through the stream, in a fixed order.
  mutating func pass(_ fields: inout FieldStream)
}

extension FieldPacked {
  /// The value as bytes.
  public var fieldBytes: [UInt8] {
    var (copy, stream) = (self, FieldStream(room: 1024))
    copy.pass(&stream)
    return stream.written
  }

  /// Reads a value that fills the bytes; nil where they hold none.
  public init?(fieldBytes: UnsafeRawBufferPointer) {
    var (read, stream) = (Self.blank, FieldStream(reading: fieldBytes))
    read.pass(&stream)
    guard stream.isDone else { return nil }
    self = read
  }

  /// Encodes the value as ``FieldBytes``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(FieldBytes(bytes: fieldBytes))
  }

  /// Decodes ``FieldBytes``; throws for bytes that are not such a value's.
  public init(from decoder: any Decoder) throws {
    let bytes = try decoder.singleValueContainer().decode(FieldBytes.self).bytes
    guard let read = bytes.withUnsafeBytes(Self.init(fieldBytes:)) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "fields that do not fit"))
    }
    self = read
  }
}

/// Bytes that an encoder may take as they are.
public struct FieldBytes: Codable, Sendable {
  /// The bytes.
  public var bytes: [UInt8]

  /// Wraps bytes.
  public init(bytes: [UInt8]) { self.bytes = bytes }
}
