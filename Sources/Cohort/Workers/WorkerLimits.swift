/// What a process that parses untrusted bytes may use.
public struct WorkerLimits: Sendable, Codable, Equatable {
  /// Address space in bytes.
  public var memoryBytes = 4 << 30
  /// Stack in bytes.
  public var stackBytes = 8 << 20
  /// Processor time of one file in seconds.
  public var cpuSeconds = 60
  /// Time on the clock of one file in seconds.
  public var wallSeconds = 60
  /// Bytes of one decoded volume.
  public var volumeBytes = 8 << 30
  /// Bytes of one file.
  public var fileBytes = 4 << 30
  /// Bytes that come out of an archive for each byte that is in it.
  public var archiveRatio = 200
  /// Entries of an archive.
  public var archiveEntries = 1_000_000
  /// Bytes that come out of an archive.
  public var archiveBytes = 1 << 40
  /// Files of one series, whose headers the parent holds at once.
  public var seriesFiles = 65_536

  /// The defaults above.
  public init() {}
}

/// How a worker ended a request without answering it.
public enum WorkerFailure: Error, Sendable, Equatable {
  /// A signal ended the process: 11 for a bad address or an overrun stack, 6, 5 or 4 where it
  /// stopped itself, for lack of memory too.
  case crashed(signal: Int)
  /// No answer within so many seconds; the process was killed.
  case hung(seconds: Int)
  /// The processor time was used up.
  case outOfTime
  /// It wrote more than a volume may have.
  case outOfSpace
  /// The process ended by itself.
  case exited(code: Int)
  /// The answer is none: too long, not of the form asked for, or contradicting the shared memory.
  case nonsense(String)
  /// The process could not be started.
  case notStarted(errno: Int)
}
