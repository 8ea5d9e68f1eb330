/// Names that users give to channels, classes and masks, as far as they may enter a store.
///
/// A store keeps them because a mask is worth little without them, but they are free text. What
/// looks like a record's number, a date or a path is replaced, and so is what holds a word of the
/// patient's own name or number.
package struct GivenNames {
  private let words: Set<String>

  /// Names that may be given to a volume of this patient; nil where nobody is known.
  init(of identity: VolumeIdentity?) {
    guard let identity else {
      words = []
      return
    }
    // A NIfTI file's patient may be its name, which a class may share: "spleen" in spleen_10.
    let isPerson = identity.patientName != nil
    let text = (identity.patientName ?? "") + (isPerson ? " " + identity.patientIdentity : "")
    words = Set(Self.words(text).filter { $0.count > 2 || $0.contains(where: \.isIdeograph) })
      .union([identity.patientIdentity.lowercased()])
  }

  /// The name, or `other` where it may not be kept.
  package func allowed(_ name: String, else other: String) -> String {
    guard Self.isPlain(name), !words.contains(name.lowercased()),
      words.isDisjoint(with: Self.words(name))
    else { return other }
    return name
  }

  /// Letters, digits and what joins them, at most 64 characters and four digits in a row.
  static func isPlain(_ name: String) -> Bool {
    var (digits, longest) = (0, 0)
    for character in name {
      digits = character.isNumber ? digits + 1 : 0
      longest = max(longest, digits)
      guard character.isLetter || character.isNumber || " _-+.,()&".contains(character) else {
        return false
      }
    }
    return (1...64).contains(name.count) && longest < 5
  }

  private static func words(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }

  /// The masks under names that may be kept and still differ, and their classes likewise.
  func allowed(_ masks: [AssignedMask]) -> [AssignedMask] {
    var taken: Set<String> = []
    return masks.map { mask in
      guard mask.object == nil else { return mask }  // named when it is read: `StructureNames`
      var mask = mask
      let isSomebody = !words.isDisjoint(with: Self.words(mask.given))
      let name = isSomebody ? "labels" : allowed(mask.name, else: "labels")
      (mask.name, mask.names) = (name, allowed(mask.names))
      mask.regions = allowed(mask.regions)
      var number = 1
      while !taken.insert(mask.name).inserted {
        number += 1
        mask.name = "\(name)-\(number)"
      }
      return mask
    }
  }

  /// Regions by name; those of which the name may not be kept are numbered in the order of their names.
  private func allowed(_ regions: [String: [Int]]) -> [String: [Int]] {
    var kept: [String: [Int]] = [:]
    for (place, region) in regions.sorted(by: { $0.key < $1.key }).enumerated() {
      kept[allowed(region.key, else: "region \(place + 1)")] = region.value
    }
    return kept
  }

  private func allowed(_ names: [Int: String]) -> [Int: String] {
    Dictionary(
      uniqueKeysWithValues: names.map { ($0.key, allowed($0.value, else: "class \($0.key)")) })
  }
}

extension Character {
  /// Whether one of it may be a whole name.
  fileprivate var isIdeograph: Bool {
    unicodeScalars.contains { $0.properties.isIdeographic || (0xAC00...0xD7A3).contains($0.value) }
  }
}
