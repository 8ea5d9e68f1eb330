import Foundation

/// Why an array could not be read or written: always the file, and what is wrong with it.
public enum ZarrError: Error, Sendable, Equatable {
  /// The system refused `verb` ("read", "write", …) with an `errno`.
  case system(path: String, verb: String, code: Int32)
  /// A file that must be there is not.
  case missing(path: String)
  /// The metadata cannot be understood, or contradict themselves.
  case metadata(path: String, reason: String)
  /// The bytes are not those that were written: torn, cut short, or flipped.
  case corrupt(path: String, reason: String)
  /// The array uses a part of Zarr that is not read here.
  case unsupported(path: String, feature: String)
}

extension ZarrError: CustomStringConvertible {
  /// One sentence: what file, what is wrong, what to do.
  public var description: String {
    switch self {
    case .system(let path, let verb, let code):
      "\(path): cannot \(verb) it (\(String(cString: strerror(code)))); free the cause and run the same command again."
    case .missing(let path):
      "\(path) is missing; the store is damaged or incomplete, so write it again."
    case .metadata(let path, let reason):
      "\(path): the metadata are unreadable (\(reason)); write the store again or copy it afresh."
    case .corrupt(let path, let reason):
      "\(path) is damaged (\(reason)); copy it afresh or write the store again."
    case .unsupported(let path, let feature):
      "\(path) uses \(feature), which is not read here; store it as `sharding_indexed` with zstd."
    }
  }
}
