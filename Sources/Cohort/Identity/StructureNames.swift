import DICOM
import Foundation

/// Names under which structures may stand in a store.
///
/// A segment's label and a region's name are free text: people write names, dates and numbers of
/// patients there. So a name enters the store as it is only when the recipe lists it, or when each
/// of its words is one of anatomy or of radiotherapy. Else the meaning of the segment's code is
/// tried in the same way, and then a keyed name stands in its place: equal texts get equal names
/// under one key, and the ledger knows what they stand for.
package struct StructureNames: Sendable {
  let pseudonyms: Pseudonyms
  let given: [String: String]

  /// `given` maps texts of files, in any case, to names of the user's own.
  package init(_ pseudonyms: Pseudonyms, given: [String: String]) {
    self.pseudonyms = pseudonyms
    self.given = Dictionary(
      given.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// A name for a structure, and the free text that it stands for when it is keyed.
  package func name(of structure: Structure.Name) -> (name: String, text: String?) {
    let label = structure.label
    if let own = given[label.lowercased()] { return (Self.sanitised(own), nil) }
    if let name = Self.known(label) { return (name, nil) }
    if let code = structure.code {
      let meaning = code.meaning + (code.modifier.map { " " + $0 } ?? "")
      if let name = Self.known(meaning), label.isEmpty { return (name, nil) }
      if let name = Self.known(meaning) {
        // The label may tell apart what the code does not: two lesions of one kind.
        return (name + "-" + key(label).prefix(4), label)
      }
    }
    guard !label.isEmpty else { return ("structure-\(structure.number)", nil) }
    return ("x" + key(label), label)
  }

  /// A name for text of which nothing is known but that it belongs to a mask.
  package func name(ofText text: String) -> (name: String, text: String?) {
    name(of: Structure.Name(number: 0, label: text))
  }

  private func key(_ text: String) -> String {
    String(pseudonyms.digest("structure\u{0}" + text).prefix(8))
  }

  /// The text as a name if all of its words are in the vocabulary and its numbers short.
  static func known(_ text: String) -> String? {
    let words = words(of: text)
    guard !words.isEmpty, words.count <= 8, text.utf8.count <= 64,
      text.unicodeScalars.allSatisfy(\.isASCII),
      words.contains(where: { !$0.isNumber && !surnames.contains($0) })
    else { return nil }
    for word in words {
      // Two digits count lesions; more might be a year, a dose, or somebody's number.
      guard word.isNumber ? word.count <= 2 : vocabulary.contains(word) else { return nil }
    }
    return sanitised(text)
  }

  /// Lower-case words: split where letters, digits and anything else meet, and before capitals.
  private static func words(of text: String) -> [String] {
    var words: [String] = []
    var last: Character = " "
    for character in text {
      let isWord = character.isLetter || character.isWholeNumber
      let begins =
        character.isLetter != last.isLetter || character.isWholeNumber != last.isWholeNumber
        || (character.isUppercase && last.isLowercase)
      if isWord {
        if begins || words.isEmpty { words.append("") }
        words[words.count - 1] += character.lowercased()
      }
      last = character
    }
    return words
  }

  /// A name that a store takes, with room for a number behind it: letters, digits and hyphens.
  package static func sanitised(_ text: String) -> String {
    var name = ""
    for character in text {
      if let letters = character.inStoreNames {
        name += letters
      } else if name.last != "-" {
        name.append("-")
      }
    }
    name = String(name.drop { $0 == "-" }.prefix(24))
    while name.hasSuffix("-") { name.removeLast() }
    return name.isEmpty ? "labels" : name
  }
}

extension Character {
  /// A letter or digit as names in a store have it, nil for any other character: ASCII without
  /// diacritics, else `u` and its code points, so that names of other scripts still differ.
  var inStoreNames: String? {
    guard isLetter || isNumber else { return nil }
    let plain = String(self).folding(options: .diacriticInsensitive, locale: nil)
    if plain.allSatisfy(\.isASCII) { return plain }
    let scalars = String(self).precomposedStringWithCanonicalMapping.unicodeScalars
    return scalars.map { "u" + String($0.value, radix: 16, uppercase: true) }.joined()
  }
}

extension String {
  fileprivate var isNumber: Bool { first?.isWholeNumber ?? false }
}
