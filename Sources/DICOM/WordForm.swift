/// Reads a word from its start, one kind of character after another.
///
/// Every header has words whose form decides whether they may be kept, and a regular expression of
/// the standard library costs more than the rest of the header.
struct WordForm {
  private var rest: Substring.UTF8View

  /// Nothing of `word` has been read yet.
  init(_ word: String) { rest = word[...].utf8 }

  /// Whether the word has been read to its end.
  var isAtEnd: Bool { rest.isEmpty }

  /// Takes as many bytes of a kind as there are, up to the most; false for fewer than the least.
  mutating func take(_ count: ClosedRange<Int>, _ kind: (UInt8) -> Bool) -> Bool {
    var taken = 0
    while taken < count.upperBound, let byte = rest.first, kind(byte) {
      rest.removeFirst()
      taken += 1
    }
    return count.contains(taken)
  }

  /// Takes a mark and what belongs behind it, where the mark is there.
  mutating func takeOptional(_ mark: Character, _ kind: (UInt8) -> Bool) -> Bool {
    guard rest.first == mark.asciiValue else { return true }
    rest.removeFirst()
    return take(1...1, kind)
  }

  static func isUpper(_ byte: UInt8) -> Bool { (65...90).contains(byte) }
  static func isLower(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
  static func isLetter(_ byte: UInt8) -> Bool { isUpper(byte) || isLower(byte) }
  static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}

extension String {
  /// Whether a word is part of the text, byte for byte: what Foundation does for that knows languages
  /// and costs a hundred times as much.
  func holds(_ word: String) -> Bool {
    let (text, word) = (Array(utf8), Array(word.utf8))
    guard let first = word.first, text.count >= word.count else { return word.isEmpty }
    return (0...text.count - word.count).contains { start in
      text[start] == first && text[start..<start + word.count] == word[...]
    }
  }
}
