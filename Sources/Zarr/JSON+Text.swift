extension JSON {
  /// UTF-8 text with sorted keys, two spaces a level, lists of plain values on one line, and a
  /// line feed at the end.
  public var text: [UInt8] {
    var out = ""
    write(to: &out, indent: "")
    out += "\n"
    return [UInt8](out.utf8)
  }

  private func write(to out: inout String, indent: String) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .int(let value): out += String(value)
    case .number(let value): out += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &out)
    case .array(let items): Self.write(items, to: &out, indent: indent)
    case .object(let members): Self.write(members, to: &out, indent: indent)
    }
  }

  private static func write(_ items: [JSON], to out: inout String, indent: String) {
    let plain = items.allSatisfy { $0.elements == nil && $0.members == nil }
    let inner = indent + "  "
    out += "["
    for (i, item) in items.enumerated() {
      if plain { out += i == 0 ? "" : ", " } else { out += (i == 0 ? "\n" : ",\n") + inner }
      item.write(to: &out, indent: inner)
    }
    out += plain ? "]" : "\n" + indent + "]"
  }

  private static func write(_ members: [String: JSON], to out: inout String, indent: String) {
    guard !members.isEmpty else {
      out += "{}"
      return
    }
    let inner = indent + "  "
    out += "{"
    // By UTF-8 bytes: the same order everywhere, whatever the locale or the normal form.
    let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (i, member) in sorted.enumerated() {
      out += (i == 0 ? "\n" : ",\n") + inner
      write(member.key, to: &out)
      out += ": "
      member.value.write(to: &out, indent: inner)
    }
    out += "\n" + indent + "}"
  }

  private static func write(_ value: String, to out: inout String) {
    out += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
