import Foundation
import Yams

/// Recipes: YAML laid over the defaults of a `Codable` struct.
///
/// A recipe states only what differs. The defaults stand once, as the initial values of the
/// struct's properties; a key that they lack is an error which names its path. Overrides such as
/// `pretrain.steps=400` come last. ``yaml(of:)`` gives the resolved recipe, which is kept with
/// every output.
public enum Recipe {
  /// Lays the YAML of `file` (none: the defaults alone) and then `overrides` over `defaults`.
  ///
  /// - Throws: ``RecipeError`` naming the file and the path of the key.
  public static func load<Settings: Codable>(
    _ defaults: Settings, file: String?, overrides: [String] = []
  ) throws(RecipeError) -> Settings {
    guard let file else {
      return overrides.isEmpty ? defaults : try overlay(defaults, yaml: "", overrides: overrides)
    }
    guard let data = FileManager.default.contents(atPath: file),
      let text = String(data: data, encoding: .utf8)
    else { throw .unreadable(file: file) }
    return try overlay(defaults, yaml: text, named: file, overrides: overrides)
  }

  /// Lays a YAML text and then `overrides` over `defaults`.
  public static func overlay<Settings: Codable>(
    _ defaults: Settings, yaml: String, named file: String = "recipe", overrides: [String] = []
  ) throws(RecipeError) -> Settings {
    var merged = try encoded(defaults, file)
    let recipe = try parsed(yaml, file)
    merged = try merge(recipe, over: merged, like: defaults, at: [], file)
    for text in overrides {
      let override = try nested(text)
      merged = try merge(override, over: merged, like: defaults, at: [], "--set \(text)")
    }
    return try decoded(merged, file)
  }

  /// The resolved settings as YAML with sorted keys.
  public static func yaml<Settings: Encodable>(of settings: Settings) -> String {
    let encoder = YAMLEncoder()
    encoder.options.sortKeys = true
    return (try? encoder.encode(settings)) ?? ""
  }

  /// The settings as JSON with sorted keys: the same bytes for the same settings.
  public static func json<Settings: Encodable>(of settings: Settings) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(settings)) ?? Data()
  }
}

extension Recipe {
  private static func parsed(_ yaml: String, _ file: String) throws(RecipeError) -> Any {
    do {
      return plain(try Yams.load(yaml: yaml) ?? [String: Any]())
    } catch {
      let problem = "\(error)".split(separator: "\n").joined(separator: " ")
      throw .notYAML(file: file, problem: problem)
    }
  }

  /// The same with words for keys, as JSON has them: a key may be a number, as labels are.
  private static func plain(_ value: Any) -> Any {
    if let section = value as? [AnyHashable: Any] {
      let pairs = section.map { ("\($0.key)", plain($0.value)) }
      return Dictionary(pairs) { first, _ in first }
    }
    return (value as? [Any])?.map(plain) ?? value
  }

  private static func encoded(
    _ settings: some Encodable, _ file: String
  ) throws(RecipeError) -> Any {
    do {
      return try JSONSerialization.jsonObject(with: json(of: settings))
    } catch {
      throw .badValue(file: file, path: "", problem: "the defaults cannot be written as JSON")
    }
  }

  private static func decoded<Settings: Decodable>(
    _ merged: Any, _ file: String
  ) throws(RecipeError) -> Settings {
    do {
      let data = try JSONSerialization.data(withJSONObject: merged)
      return try JSONDecoder().decode(Settings.self, from: data)
    } catch let error as DecodingError {
      let (path, problem) = words(of: error)
      throw .badValue(file: file, path: path, problem: problem)
    } catch {
      throw .badValue(file: file, path: "", problem: "\(error)")
    }
  }

  private static func words(of error: DecodingError) -> (path: String, problem: String) {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map(\.stringValue).joined(separator: ".")
    }
    switch error {
    case .typeMismatch(let type, let context):
      return (path(context), "\(type) is wanted")
    case .valueNotFound(let type, let context):
      return (path(context), "\(type) is wanted, and nothing is given")
    case .keyNotFound(let key, let context):
      return (path(context), "'\(key.stringValue)' is missing")
    case .dataCorrupted(let context):
      return (path(context), context.debugDescription)
    @unknown default:
      return ("", "\(error)")
    }
  }

  /// `a.b=value` as `{a: {b: value}}`; the value is YAML, so `[1, 2]` and `true` mean what they say.
  private static func nested(_ text: String) throws(RecipeError) -> Any {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw .badOverride(text)
    }
    let keys = text[..<equals].split(separator: ".", omittingEmptySubsequences: false)
    guard keys.allSatisfy({ !$0.isEmpty }) else { throw .badOverride(text) }
    let value = try parsed(String(text[text.index(after: equals)...]), "--set \(text)")
    return keys.reversed().reduce(value) { inner, key in [String(key): inner] }
  }
}
