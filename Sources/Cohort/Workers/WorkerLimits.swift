import DICOM

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
  /// Bytes of one file, also when inflated.
  public var fileBytes = 4 << 30
  /// Bytes that come out of an archive for each byte that is in it.
  public var archiveRatio = 200
  /// Entries of an archive.
  public var archiveEntries = 1_000_000
  /// Bytes that come out of an archive.
  public var archiveBytes = 1 << 40
  /// Files of one series, whose headers the parent holds at once.
  public var seriesFiles = 65_536
  /// Bytes of one DICOM element.
  public var elementBytes = 2 << 30
  /// Elements and fragments of one DICOM file.
  public var elements = 2_000_000
  /// Deepest nesting of DICOM sequences.
  public var sequenceDepth = 64
  /// Frames of one DICOM file.
  public var frames = 65_536
  /// Rows or columns of one DICOM image.
  public var side = 32_768
  /// How many times its compressed bytes an image above 64 MiB may have.
  public var expansion = 1_000
  /// How many times its deflated bytes a data set above 64 MiB may have.
  public var inflation = 200

  /// The defaults above.
  public init() {}
}

extension WorkerLimits {
  /// What DICOM files may cost under these limits.
  var dicom: DICOMFile.Limits {
    var limits = DICOMFile.Limits()
    (limits.fileBytes, limits.decodedBytes) = (fileBytes, volumeBytes)
    (limits.elementBytes, limits.elements, limits.depth) = (elementBytes, elements, sequenceDepth)
    (limits.frames, limits.side) = (frames, side)
    (limits.expansion, limits.inflation) = (expansion, inflation)
    return limits
  }
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
