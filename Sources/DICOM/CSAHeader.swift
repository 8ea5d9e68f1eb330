/// The numbers of Siemens' CSA image header (0029,xx10): a list of named elements, each with a few
/// items of text. Version SV10 and the older one without a name differ in their first bytes and in
/// where an item says its length. The layouts are those that nibabel documents, the old one's lengths
/// as SPM reads them.
struct CSAHeader {
  private var values: [String: [Double]] = [:]

  /// Reads the header, or as much of it as makes sense.
  init?(_ bytes: [UInt8]) {
    let reader = Reader(bytes: bytes)
    let isSV10 = bytes.starts(with: Array("SV10".utf8))
    let start = isSV10 ? 8 : 0
    guard let count = reader.number(start), (1...1024).contains(count) else { return nil }
    var at = start + 8
    var base: Int?  // of the old version's lengths: how many items the first element has
    for _ in 0..<count {
      guard at + 84 <= bytes.count, let items = reader.number(at + 76), items <= 4096 else {
        return
      }
      let name = reader.text(at, 64)
      at += 84
      base = base ?? items
      var found: [Double] = []
      for _ in 0..<items {
        guard let stated = reader.number(at + (isSV10 ? 4 : 0)) else { return }
        let length = isSV10 ? stated : stated - (base ?? 0)
        guard length >= 0, length <= bytes.count - at - 16 else {
          guard !isSV10 else { return }
          at += 16  // the old version ends an element's items so
          break
        }
        let words = reader.text(at + 16, length).split(separator: " ")
        if let word = words.first, let value = Double(word), value.isFinite { found.append(value) }
        at += 16 + (length + 3) / 4 * 4
      }
      values[name] = found
    }
  }

  /// The first `count` values of one element; nil if it has fewer.
  func numbers(_ name: String, count: Int) -> [Double]? {
    values[name].flatMap { $0.count >= count ? Array($0.prefix(count)) : nil }
  }
}

private struct Reader {
  let bytes: [UInt8]

  /// A little endian number of four bytes.
  func number(_ offset: Int) -> Int? {
    guard offset >= 0, offset + 4 <= bytes.count else { return nil }
    return Int(bytes[offset..<offset + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
  }

  /// Text up to the first zero.
  func text(_ offset: Int, _ length: Int) -> String {
    String(decoding: bytes[offset..<offset + length].prefix { $0 != 0 }, as: UTF8.self)
  }
}
