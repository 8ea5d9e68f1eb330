/// Why a recipe could not be read.
public enum RecipeError: Error, Sendable, Equatable {
  /// The file cannot be opened or is no text.
  case unreadable(file: String)
  /// The text is no YAML; `problem` says where.
  case notYAML(file: String, problem: String)
  /// A key that no default knows. `path` is the way to it, `known` the keys that stand there.
  case unknownKey(file: String, path: String, known: [String])
  /// A value of another kind than its default, or an unknown word.
  case badValue(file: String, path: String, problem: String)
  /// An override that is not of the form `a.b=value`.
  case badOverride(String)
}

extension RecipeError: CustomStringConvertible {
  /// One sentence: which file, what is wrong, what to do.
  public var description: String {
    switch self {
    case .unreadable(let file):
      return "\(file): the recipe cannot be read; check that the file is there."
    case .notYAML(let file, let problem):
      return "\(file): this is not YAML (\(problem)); mend the line it names."
    case .unknownKey(let file, let path, let known):
      return "\(file): no setting is called '\(path)'; there are "
        + known.sorted().joined(separator: ", ") + "."
    case .badValue(let file, let path, let problem):
      return "\(file): the value of '\(path)' does not fit: \(problem)."
    case .badOverride(let text):
      return "--set \(text): write it as --set section.key=value."
    }
  }
}
