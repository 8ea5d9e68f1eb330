import Foundation
import Prepare

/// What in two recorded preparations makes other pixels of the same scan, as `key: one, other`.
///
/// Who trains, which label is taken, what pretraining leaves out, how large shards are and how they are
/// packed change no pixel.
package func differences(_ one: String, _ other: String) -> [String] {
  let (a, b) = (flattened(one), flattened(other))
  return Set(a.keys).union(b.keys).sorted().compactMap { key in
    let isSilent =
      ["label", "shardBytes", "packing"].contains(key) || key.hasPrefix("split.")
      || key.hasPrefix("nearDuplicate")
    guard !isSilent, a[key] != b[key] else { return nil }
    return "\(key): \(a[key] ?? "not set"), not \(b[key] ?? "not set")"
  }
}

/// The recipe in a recorded preparation, keys it lacks at their defaults; throws where it makes no sense.
func recipe(of preparation: String, path: String) throws(SegmentationError) -> PrepareRecipe {
  guard let recipe = try? JSONDecoder().decode(PrepareRecipe.self, from: Data(preparation.utf8)),
    (try? recipe.validate()) != nil
  else { throw .notASegmenter(path: path, reason: "its preparation cannot be read") }
  return recipe
}

/// Every value of a JSON text by its path; null counts as absent.
private func flattened(_ text: String) -> [String: String] {
  var values: [String: String] = [:]
  func visit(_ value: Any, _ path: String) {
    switch value {
    case let object as [String: Any]:
      for (key, inner) in object { visit(inner, path.isEmpty ? key : "\(path).\(key)") }
    case is NSNull: break
    default: values[path] = "\(value)"
    }
  }
  if let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) { visit(object, "") }
  return values
}
