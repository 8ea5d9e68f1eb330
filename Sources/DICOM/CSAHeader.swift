/// The numbers of Siemens' CSA image header (0029,xx10), version SV10: a list of named elements,
/// each with a few items of text. The layout is the one that nibabel documents.
struct CSAHeader {
  private var values: [String: [Double]] = [:]

  /// Reads the header, or as much of it as makes sense.
  init?(_ bytes: [UInt8]) {
    guard bytes.count > 16, bytes.starts(with: Array("SV10".utf8)) else { return nil }
    func number(_ offset: Int) -> Int? {
      guard offset >= 0, offset + 4 <= bytes.count else { return nil }
      return Int(bytes[offset..<offset + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
    func text(_ range: Range<Int>) -> String {
      String(decoding: bytes[range].prefix { $0 != 0 }, as: UTF8.self)
    }
    guard let count = number(8), (1...1024).contains(count) else { return nil }
    var at = 16
    for _ in 0..<count {
      guard at + 84 <= bytes.count, let items = number(at + 76), items <= 4096 else { return }
      let name = text(at..<at + 64)
      at += 84
      var found: [Double] = []
      for _ in 0..<items {
        guard let length = number(at + 4), length <= bytes.count - at - 16 else { return }
        let words = text(at + 16..<at + 16 + length).split(separator: " ")
        if let word = words.first, let value = Double(word), value.isFinite { found.append(value) }
        at += 16 + (length + 3) / 4 * 4
      }
      values[name] = found
    }
  }

  /// The values of one element; nil unless there are just `count`.
  func numbers(_ name: String, count: Int) -> [Double]? {
    values[name].flatMap { $0.count >= count ? Array($0.prefix(count)) : nil }
  }
}
