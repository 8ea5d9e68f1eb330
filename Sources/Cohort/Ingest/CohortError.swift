/// Why an ingest, an export or a listing could not be done at all.
public enum CohortError: Error, Sendable, Equatable {
  /// A given path does not exist.
  case missing(path: String)
  /// The ledger is not the one of this key, or not readable.
  case key(path: String, reason: String)
  /// The ledger cannot be opened or written.
  case ledger(path: String, reason: String)
  /// The part of a tree that is asked for is none, or not the one that the store was begun with.
  case shard(String, reason: String)
  /// Two parts hold different volumes of one name.
  case conflict(volume: String, parts: [String])
  /// A condition on volumes that is none.
  case condition(String)
  /// A pattern that is no regular expression.
  case pattern(String)
  /// A file could not be written.
  case unwritable(path: String, reason: String)
  /// An image that was asked for by itself could not be read.
  case refused(Refusal)
}

extension CohortError: CustomStringConvertible {
  /// One sentence: what, what is wrong, what to do.
  public var description: String {
    switch self {
    case .missing(let path): "\(path) does not exist; give a file or folder that does."
    case .key(let path, let reason): "The key in \(path) cannot be used: \(reason)."
    case .ledger(let path, let reason):
      "The ledger \(path) cannot be used (\(reason)); it must be the one made with the store."
    case .shard(let text, let reason): "--shard \(text): \(reason)."
    case .conflict(let volume, let parts):
      "\(parts.joined(separator: " and ")) hold different volumes \(volume), so the series was torn "
        + "or has changed meanwhile; ingest it in one run."
    case .condition(let text):
      "\"\(text)\" is no condition; write field=text, field~part or date>=2020, with a field of "
        + "lamina list --help."
    case .pattern(let text): "\"\(text)\" is no regular expression; correct the pattern."
    case .unwritable(let path, let reason): "\(path) could not be written: \(reason)."
    case .refused(let refusal): refusal.description
    }
  }
}
