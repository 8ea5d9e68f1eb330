/// Reads JSON (RFC 8259) strictly: no trailing commas, nothing behind the value, 64 levels at most.
struct JSONParser {
  private let text: [UInt8]
  private var at = 0

  /// The value of a text, or nil when it is no JSON.
  static func value(of text: [UInt8]) -> JSON? {
    var parser = JSONParser(text: text)
    guard let value = parser.value(depth: 0) else { return nil }
    parser.skipSpace()
    return parser.at == text.count ? value : nil
  }

  private init(text: [UInt8]) { self.text = text }

  private var byte: UInt8 { at < text.count ? text[at] : 0 }

  private mutating func skipSpace() {
    while [0x20, 0x0A, 0x0D, 0x09].contains(byte) { at += 1 }
  }

  private mutating func take(_ expected: Character) -> Bool {
    skipSpace()
    guard byte == expected.asciiValue else { return false }
    at += 1
    return true
  }

  private mutating func value(depth: Int) -> JSON? {
    skipSpace()
    guard depth < 64 else { return nil }
    switch byte {
    case UInt8(ascii: "{"): return object(depth: depth)
    case UInt8(ascii: "["): return array(depth: depth)
    case UInt8(ascii: "\""): return string().map { .string($0) }
    case UInt8(ascii: "t"): return word("true", .bool(true))
    case UInt8(ascii: "f"): return word("false", .bool(false))
    case UInt8(ascii: "n"): return word("null", .null)
    default: return number()
    }
  }

  private mutating func word(_ word: String, _ value: JSON) -> JSON? {
    guard text[at...].starts(with: word.utf8) else { return nil }
    at += word.utf8.count
    return value
  }

  private mutating func array(depth: Int) -> JSON? {
    at += 1
    var items: [JSON] = []
    if take("]") { return .array(items) }
    repeat {
      guard let item = value(depth: depth + 1) else { return nil }
      items.append(item)
    } while take(",")
    return take("]") ? .array(items) : nil
  }

  private mutating func object(depth: Int) -> JSON? {
    at += 1
    var members: [String: JSON] = [:]
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard byte == UInt8(ascii: "\""), let key = string(), take(":"),
        let item = value(depth: depth + 1)
      else { return nil }
      members[key] = item
    } while take(",")
    return take("}") ? .object(members) : nil
  }

  private mutating func number() -> JSON? {
    let start = at
    while "+-.0123456789eE".utf8.contains(byte) { at += 1 }
    let word = String(decoding: text[start..<at], as: UTF8.self)
    let digits = word.hasPrefix("-") ? word.dropFirst() : word[...]
    guard let first = digits.utf8.first, (48...57).contains(first), digits.utf8.last != 46,
      first != 48 || digits.utf8.count == 1 || !(48...57).contains(Array(digits.utf8)[1])
    else { return nil }
    if let whole = Int(word) { return .int(whole) }
    guard let real = Double(word), real.isFinite else { return nil }
    return Int(exactly: real).map { .int($0) } ?? .number(real)
  }

  private mutating func string() -> String? {
    at += 1
    var bytes: [UInt8] = []
    while at < text.count, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { return nil }
      if byte == UInt8(ascii: "\\") {
        guard let scalar = escape() else { return nil }
        bytes.append(contentsOf: String(scalar).utf8)
      } else {
        bytes.append(byte)
        at += 1
      }
    }
    guard at < text.count else { return nil }
    at += 1
    return String(validating: bytes, as: UTF8.self)
  }

  private mutating func escape() -> Unicode.Scalar? {
    at += 2
    guard at <= text.count else { return nil }
    switch text[at - 1] {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "u"): return unicode()
    case let plain where "\"\\/".utf8.contains(plain): return Unicode.Scalar(plain)
    default: return nil
    }
  }

  /// Four hexadecimal digits, or two times four that make up a surrogate pair.
  private mutating func unicode() -> Unicode.Scalar? {
    guard let high = hex() else { return nil }
    guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) }
    guard text[at...].starts(with: "\\u".utf8) else { return nil }
    at += 2
    guard let low = hex(), (0xDC00..<0xE000).contains(low) else { return nil }
    return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
  }

  private mutating func hex() -> UInt32? {
    guard at + 4 <= text.count else { return nil }
    defer { at += 4 }
    let digits = text[at..<at + 4]
    guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
