/// What an ingest may be told.
public struct IngestRecipe: Sendable, Codable, Equatable {
  /// A folder of NIfTI masks to be matched to the volumes; empty for none.
  public var labels = ""
  /// A file that holds the key of the pseudonyms; empty for the ledger's own.
  public var key = ""
  /// A regular expression whose first group (or whole match) in a NIfTI file's path is the
  /// patient; empty for none. BIDS's `sub-` comes before it, the file's name behind it.
  public var patientFrom = ""
  /// Takes stacks of a single slice, as a localizer has them.
  public var singleSlices = false
  /// Worker processes; 0 for one a core.
  public var workers = 0
  /// What a worker may use.
  public var limits = WorkerLimits()

  /// The defaults above.
  public init() {}
}

/// How far an ingest has come.
public struct IngestProgress: Sendable, Equatable {
  /// What is being done.
  public enum Phase: String, Sendable { case looking, scanning, reading, labels, finishing }

  /// What is being done.
  public var phase: Phase
  /// Files or volumes that are done.
  public var done: Int
  /// Of so many.
  public var total: Int
  /// Bytes of the files that are done.
  public var bytes: Int
}
