/// Why a batch could not be made.
public enum LoaderError: Error, Sendable, Equatable, CustomStringConvertible {
  /// There is no slice to make batches of.
  case nothingToLoad
  /// A slice could not be read.
  case badSlice(slice: Int, reason: String)
  /// No replacement for a slice could be found among so many.
  case noUsableSlice(slice: Int, tried: Int)
  /// An argument or a recipe that no batch can be made with.
  case invalid(String)
  /// The system refused one of so many threads; why.
  case noThread(of: Int, reason: String)
  /// The stream was cancelled while it was waited for.
  case cancelled

  /// What is wrong, in a sentence.
  public var description: String {
    switch self {
    case .nothingToLoad:
      "There are no slices to load; choose volumes that have some, with labels where they are used."
    case .badSlice(let slice, let reason):
      "Slice \(slice) cannot be read (\(reason)); verify the store, or let bad slices be replaced."
    case .noUsableSlice(let slice, let tried):
      "Slice \(slice) is unusable and so were \(tried) others tried in its place; verify the store "
        + "and lower the least deviation."
    case .invalid(let sentence): sentence
    case .noThread(let wanted, let reason):
      "The system refuses one of \(wanted) threads that make batches (\(reason)); end other work, or raise "
        + "the limit of processes (ulimit -u)."
    case .cancelled: "The stream of batches was cancelled; make a new one to go on."
    }
  }
}

/// What happens when a slice cannot be read.
public enum BadSlicePolicy: String, Sendable, Codable, CaseIterable {
  /// The batch fails.
  case fail
  /// Another slice takes its place, always the same one, and it is listed in `badSlices`.
  case replace
}

/// A slice that could not be read.
public struct BadSlice: Sendable, Equatable, Codable {
  /// Its ordinal in the source.
  public var slice: Int
  /// What reading it said.
  public var reason: String
}
