/// Writes safetensors files whose headers are nearly right: offsets, shapes and lengths that lie.
enum SafeTensorsGrammar {
  static func file(_ program: inout Program) -> [UInt8] {
    var end = 0
    var parts = (0..<program.choice(5)).map { tensor($0, &program, &end) }
    if program.rarely(3) { parts.append("\"__metadata__\":\(metadata(&program))") }
    var text = Array("{\(parts.joined(separator: ","))}".utf8)
    if program.rarely(4) { text += [UInt8](repeating: 0x20, count: program.choice(9)) }
    let length = program.rarely(8) ? UInt64(program.number()) << 32 : UInt64(text.count)
    let elements = max(0, min(end, 4096) + (program.rarely(6) ? program.choice(9) - 4 : 0))
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text
      + [UInt8](repeating: 1, count: elements)
  }

  /// One tensor behind the one before it, or nearly.
  private static func tensor(_ number: Int, _ program: inout Program, _ end: inout Int) -> String {
    let (type, size) = program.pick([
      ("F32", 4), ("F64", 8), ("BF16", 2), ("I8", 1), ("BOOL", 1), ("F8_E4M3", 1), ("f32", 4),
    ])
    let shape = (0..<program.choice(4)).map { _ in program.choice(5) }
    let begin = program.rarely(8) ? program.choice(256) : end
    end = begin + shape.reduce(size, *) + (program.rarely(8) ? 1 : 0)
    let sides =
      program.rarely(8)
      ? program.pick(["-1", "9223372036854775807,2", "1e30", "0,9223372036854775807", "null"])
      : shape.map(String.init).joined(separator: ",")
    let offsets =
      program.rarely(8)
      ? program.pick(["\(end),\(begin)", "\(begin)", "-8,\(end)", "0,18446744073709551615", ""])
      : "\(begin),\(end)"
    let name = program.rarely(8) ? "t0" : "t\(number)"
    return "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(sides)],\"data_offsets\":[\(offsets)]}"
  }

  private static func metadata(_ program: inout Program) -> String {
    program.pick([
      "{\"architecture\":\"resnet50\"}", "{\"a\":1}", "[]", "null", "{\"a\":{\"b\":\"c\"}}",
      "{\"\\ud800\":\"\\u0000\"}", String(repeating: "[", count: 2_000),
    ])
  }
}
