/// Writes `zarr.json` of a sharded array with values that are nearly right, or in the wrong place.
enum ZarrGrammar {
  static func metadata(_ program: inout Program) -> [UInt8] {
    let text = """
      {"zarr_format":\(program.pick([3, 3, 3, 2])),"node_type":"array",\
      "shape":\(shape(&program)),"data_type":\(program.pick(types)),\
      "fill_value":\(value(&program, 0)),\
      "chunk_grid":{"name":"regular","configuration":{"chunk_shape":\(shape(&program))}},\
      "chunk_key_encoding":{"name":"default","configuration":{"separator":"/"}},\
      "codecs":[{"name":"sharding_indexed","configuration":{"chunk_shape":\(shape(&program)),\
      "codecs":[\(codecs(&program))],"index_codecs":[{"name":"bytes","configuration":\
      {"endian":"little"}}\(program.rarely(4) ? "" : ",{\"name\":\"crc32c\"}")],\
      "index_location":\(program.pick(["\"end\"", "\"start\"", "1"]))}}],\
      "attributes":\(value(&program, 0))\(program.rarely(4) ? ",\"dimension_names\":\(value(&program, 0))" : "")}
      """
    return Array(text.utf8)
  }

  private static let types = ["\"int16\"", "\"uint8\"", "\"float32\"", "\"complex64\"", "7"]

  private static func shape(_ program: inout Program) -> String {
    let sides = (0..<program.choice(5)).map { _ in
      program.rarely(8)
        ? program.pick(["-1", "9223372036854775807", "1e300", "\"4\"", "null"])
        : "\(1 << program.choice(6))"
    }
    return "[" + sides.joined(separator: ",") + "]"
  }

  private static func codecs(_ program: inout Program) -> String {
    let list = (0..<program.choice(4)).map { _ in
      let name = program.pick(["bytes", "zstd", "blosc", "crc32c", "gzip", "transpose"])
      let keys = [
        "endian", "level", "checksum", "cname", "clevel", "shuffle", "typesize", "blocksize",
      ]
      let members = (0..<program.choice(7)).map { _ in
        "\"\(program.pick(keys))\":\(value(&program, 4))"
      }
      return "{\"name\":\"\(name)\",\"configuration\":{\(members.joined(separator: ","))}}"
    }
    return list.joined(separator: ",")
  }

  private static func value(_ program: inout Program, _ depth: Int) -> String {
    switch program.choice(depth > 4 ? 6 : 9) {
    case 0: return "0"
    case 1: return program.pick(["true", "false", "null"])
    case 2: return "\(Int32(bitPattern: program.number()))"
    case 3:
      return program.pick([
        "\"little\"", "\"big\"", "\"zstd\"", "\"shuffle\"", "\"\\ud83d\\ude00\"",
      ])
    case 4: return program.pick(["1e400", "-0.0", "1e-5", "\"NaN\"", "18446744073709551616"])
    case 5: return "\"\(String(decoding: program.bytes(3), as: UTF8.self))\""
    case 6: return "[" + value(&program, depth + 1) + "," + value(&program, depth + 1) + "]"
    case 7: return "{\"a\":" + value(&program, depth + 1) + "}"
    default: return String(repeating: "[", count: program.choice(100))
    }
  }
}
