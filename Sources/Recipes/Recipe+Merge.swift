import Foundation

extension Recipe {
  /// Lays `overlay` over the encoded defaults `base`, guided by the default value itself.
  ///
  /// Settings that are structs are merged key by key; anything else (numbers, words, lists, choices
  /// with their own settings) is replaced as a whole. The value's mirror knows the keys of
  /// optional settings that are nil and so absent from the encoding.
  static func merge(
    _ overlay: Any, over base: Any, like value: Any, at path: [String], _ file: String
  ) throws(RecipeError) -> Any {
    let mirror = Mirror(reflecting: present(value))
    guard mirror.displayStyle == .struct, var merged = base as? [String: Any] else {
      return overlay
    }
    guard let overlay = overlay as? [String: Any] else {
      let name = path.joined(separator: ".")
      throw .badValue(file: file, path: name, problem: "a section with keys is wanted")
    }
    var known: [String: Any] = [:]
    for child in mirror.children { known[child.label ?? ""] = child.value }
    for (key, part) in overlay {
      guard let setting = known[key] else {
        let name = (path + [key]).joined(separator: ".")
        throw .unknownKey(file: file, path: name, known: Array(known.keys))
      }
      merged[key] = try merge(
        part, over: merged[key] ?? NSNull(), like: setting, at: path + [key], file)
    }
    return merged
  }

  /// What an optional holds, or the optional itself when it is nil.
  private static func present(_ value: Any) -> Any {
    let mirror = Mirror(reflecting: value)
    guard mirror.displayStyle == .optional, let inner = mirror.children.first else { return value }
    return inner.value
  }
}
