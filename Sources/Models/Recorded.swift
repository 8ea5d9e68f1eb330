import Foundation

/// A value out of JSON that an older version may have written: keys that it lacks, at any depth, are as in `defaults`.
/// Nil when it is no such value.
package func recorded<Value: Codable>(_ text: String, over defaults: Value) -> Value? {
  guard let saved = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
    let encoded = try? JSONEncoder().encode(defaults),
    let base = try? JSONSerialization.jsonObject(with: encoded),
    let data = try? JSONSerialization.data(withJSONObject: merged(saved, over: base))
  else { return nil }
  return try? JSONDecoder().decode(Value.self, from: data)
}

private func merged(_ saved: Any, over base: Any?) -> Any {
  guard let saved = saved as? [String: Any], let base = base as? [String: Any] else { return saved }
  return base.merging(saved) { old, new in merged(new, over: old) }
}
