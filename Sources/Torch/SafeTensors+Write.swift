import Foundation

extension SafeTensors {
  /// Writes the archive under a temporary name, synced and renamed: the file is whole or not there.
  ///
  /// Wider types come first, so that every tensor is aligned, and names in order among them: the same tensors give
  /// the same bytes. Elements are written in the order of their axes, whatever their order in memory.
  public func write(to path: String) throws(TorchError) {
    let ordered = tensors.sorted { comesFirst($0, $1) }
    let file = try ReplacingFile(path)
    try file.write(header(ordered))
    for (_, tensor) in ordered {
      var bytes = [UInt8](repeating: 0, count: tensor.count * tensor.dtype.size)
      let copied = bytes.withUnsafeMutableBytes { buffer in
        Result { () throws(TorchError) in try tensor.copyBytes(into: buffer) }
      }
      try copied.get()
      try file.write(bytes)
    }
    try file.commit()
  }

  /// Length and JSON, padded with spaces to a multiple of eight bytes.
  private func header(_ ordered: [(key: String, value: Tensor)]) -> [UInt8] {
    var parts: [String] = []
    if !metadata.isEmpty {
      let strings = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
        "\(quoted($0.key)):\(quoted($0.value))"
      }
      parts.append("\"__metadata__\":{\(strings.joined(separator: ","))}")
    }
    var end = 0
    for (name, tensor) in ordered {
      let start = end
      end += tensor.count * tensor.dtype.size
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      parts.append(
        "\(quoted(name)):{\"dtype\":\"\(tensor.dtype.archiveName)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(start),\(end)]}")
    }
    var text = Array("{\(parts.joined(separator: ","))}".utf8)
    text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    let length = UInt64(text.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text
  }
}

/// Wider types first, then names by their bytes.
private func comesFirst(
  _ a: (key: String, value: Tensor), _ b: (key: String, value: Tensor)
) -> Bool {
  let (first, second) = (a.value.dtype.size, b.value.dtype.size)
  return first == second ? a.key.utf8.lexicographicallyPrecedes(b.key.utf8) : first > second
}

/// A JSON string: quotes, backslashes and control characters escaped, all else as it is.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\u{0}"..<"\u{20}":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
