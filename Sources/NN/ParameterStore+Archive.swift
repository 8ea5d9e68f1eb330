import Torch

/// What became of each name when tensors were loaded into a store; each list in the store's or the names' order.
public struct LoadReport: Sendable, Equatable {
  /// Loaded.
  public var matched: [String] = []
  /// In the store, not among the tensors.
  public var missing: [String] = []
  /// Among the tensors, not in the store.
  public var unexpected: [String] = []
  /// In both, with different shapes.
  public var mismatched: [Mismatch] = []

  /// A tensor that does not fit.
  public struct Mismatch: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// The shape in the store.
    public var expected: [Int]
    /// The shape of the tensor.
    public var found: [Int]
  }

  /// Whether the tensors are exactly those of the store.
  public var isComplete: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }
}

/// What can be wrong with tensors that are to become a model or an optimiser's state.
public enum NNError: Error, Sendable, Equatable {
  /// The names or shapes are not the model's.
  case doesNotFit(LoadReport)
}

extension NNError: CustomStringConvertible {
  /// One sentence with the first few names.
  public var description: String {
    switch self {
    case .doesNotFit(let report):
      let parts = [
        some(report.missing, "missing"), some(report.unexpected, "unexpected"),
        some(
          report.mismatched.map { "\($0.name) (\($0.found), not \($0.expected))" },
          "of another shape"),
      ]
      return
        "the tensors are not those of this model: \(parts.compactMap(\.self).joined(separator: "; "))"
    }
  }

  private func some(_ names: [String], _ what: String) -> String? {
    guard !names.isEmpty else { return nil }
    let more = names.count > 3 ? " and \(names.count - 3) more" : ""
    return "\(what) \(names.prefix(3).joined(separator: ", "))\(more)"
  }
}

extension ParameterStore {
  /// All tensors by name, for an archive, each name with a prefix in front.
  public func tensors(prefix: String = "") -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: entries.map { (prefix + $0.name, $0.tensor.detached()) })
  }

  /// Copies tensors by name into the store, in the store's type, device and memory format.
  ///
  /// - Parameters:
  ///   - prefix: what the names have in front; names without it are not looked at.
  ///   - strict: throws, and changes nothing, unless names and shapes are exactly the store's. Otherwise what fits is
  ///     loaded; the report says what did not.
  @discardableResult
  public func load(
    _ tensors: [String: Tensor], prefix: String = "", strict: Bool = true
  ) throws(NNError) -> LoadReport {
    let report = compare(tensors, prefix)
    if strict, !report.isComplete { throw .doesNotFit(report) }
    withoutGradients {
      for name in report.matched {
        if let target = self[name], let source = tensors[prefix + name] {
          target.copy(from: source)
        }
      }
    }
    return report
  }

  private func compare(_ tensors: [String: Tensor], _ prefix: String) -> LoadReport {
    var report = LoadReport()
    for entry in entries {
      guard let found = tensors[prefix + entry.name] else {
        report.missing.append(entry.name)
        continue
      }
      if found.shape == entry.tensor.shape {
        report.matched.append(entry.name)
      } else {
        report.mismatched.append(
          .init(name: entry.name, expected: entry.tensor.shape, found: found.shape))
      }
    }
    report.unexpected = tensors.keys.filter { $0.hasPrefix(prefix) }
      .map { String($0.dropFirst(prefix.count)) }.filter { self[$0] == nil }.sorted()
    return report
  }
}
