import Foundation

/// A JSON value, written the same way every time: keys sorted, no locale, no hash order.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// Reads JSON text.
  ///
  /// `path` is named in the error. Texts of more than 64 MiB are refused unread.
  public init(text: [UInt8], path: String) throws(ZarrError) {
    guard text.count <= 64 << 20 else {
      throw .metadata(path: path, reason: "\(text.count) bytes of JSON")
    }
    guard let value = JSONParser.value(of: text) else {
      throw .metadata(path: path, reason: "not JSON")
    }
    self = value
  }

  /// Any encodable value as JSON.
  public init(encoding value: some Encodable) throws {
    self = try JSON(text: [UInt8](JSONEncoder().encode(value)), path: "\(type(of: value))")
  }

  /// This JSON as a decodable value.
  public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text))
  }
}

extension JSON {
  /// The value under a key, or nil when this is no object or has no such key.
  public subscript(key: String) -> JSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// The elements, or nil when this is no array.
  public var elements: [JSON]? { if case .array(let items) = self { items } else { nil } }

  /// The members, or nil when this is no object.
  public var members: [String: JSON]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The text, or nil when this is no string.
  public var string: String? { if case .string(let value) = self { value } else { nil } }

  /// The whole number, or nil when this is none.
  public var int: Int? { if case .int(let value) = self { value } else { nil } }

  /// The number, whole or not, or nil when this is none.
  public var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The truth value, or nil when this is none.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// An array of whole numbers, or nil when this is none.
  public var ints: [Int]? {
    guard let elements else { return nil }
    let values = elements.compactMap(\.int)
    return values.count == elements.count ? values : nil
  }
}

extension JSON: Codable {
  /// Takes whatever the decoder holds; whole numbers stay whole.
  public init(from decoder: Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .int(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSON].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSON].self))
    }
  }

  /// Hands the value to any encoder.
  public func encode(to encoder: Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .int(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// `"text"`
  public init(stringLiteral value: String) { self = .string(value) }
  /// `3`
  public init(integerLiteral value: Int) { self = .int(value) }
  /// `0.5`
  public init(floatLiteral value: Double) { self = .number(value) }
  /// `true`
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// `[1, 2]`
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// `["a": 1]`; of a key given twice the last counts.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }
}
