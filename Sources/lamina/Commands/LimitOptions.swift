import ArgumentParser
import Cohort

/// What a worker, the process that parses untrusted bytes, may use. Each is a key of `ingest.limits`
/// in a recipe too.
struct LimitOptions: ParsableArguments {
  @Option(
    name: .customLong("max-memory"),
    help: ArgumentHelp("Address space of a worker (default: 4GiB).", valueName: "size"))
  var memoryBytes: ByteCount?

  @Option(
    name: .customLong("max-stack"),
    help: ArgumentHelp("Stack of a worker (default: 8MiB).", valueName: "size"))
  var stackBytes: ByteCount?

  @Option(
    name: .customLong("max-cpu"),
    help: ArgumentHelp("Processor time of one file (default: 60).", valueName: "seconds"))
  var cpuSeconds: Int?

  @Option(
    name: .customLong("max-wall"),
    help: ArgumentHelp("Time on the clock of one file (default: 60).", valueName: "seconds"))
  var wallSeconds: Int?

  @Option(
    name: .customLong("max-file"),
    help: ArgumentHelp("Bytes of one file (default: 4GiB).", valueName: "size"))
  var fileBytes: ByteCount?

  @Option(
    name: .customLong("max-element"),
    help: ArgumentHelp("Bytes of one DICOM element (default: 2GiB).", valueName: "size"))
  var elementBytes: ByteCount?

  @Option(
    name: .customLong("max-volume"),
    help: ArgumentHelp("Bytes of one decoded volume (default: 8GiB).", valueName: "size"))
  var volumeBytes: ByteCount?

  @Option(
    name: .customLong("max-expansion"),
    help: ArgumentHelp(
      "How many times its compressed bytes an image above 64 MiB may have (default: 1000).",
      valueName: "n"))
  var expansion: Int?

  @Option(
    name: .customLong("max-inflation"),
    help: ArgumentHelp(
      "How many times its deflated bytes a data set above 64 MiB may have (default: 200).",
      valueName: "n"))
  var inflation: Int?

  @Option(
    name: .customLong("max-elements"),
    help: ArgumentHelp("Elements and fragments of a DICOM file (default: 2000000).", valueName: "n")
  )
  var elements: Int?

  @Option(
    name: .customLong("max-depth"),
    help: ArgumentHelp("Sequences inside one another (default: 64).", valueName: "n"))
  var depth: Int?

  @Option(
    name: .customLong("max-frames"),
    help: ArgumentHelp("Frames of a DICOM file (default: 65536).", valueName: "n"))
  var frames: Int?

  @Option(
    name: .customLong("max-side"),
    help: ArgumentHelp("Rows or columns of a frame (default: 32768).", valueName: "n"))
  var side: Int?

  @Option(
    name: .customLong("max-series"),
    help: ArgumentHelp("Files of one series (default: 65536).", valueName: "n"))
  var seriesFiles: Int?

  @Option(
    name: .customLong("max-archive-ratio"),
    help: ArgumentHelp("Bytes out of an archive for each in it (default: 200).", valueName: "n"))
  var archiveRatio: Int?

  @Option(
    name: .customLong("max-archive-entries"),
    help: ArgumentHelp("Entries of an archive (default: 1000000).", valueName: "n"))
  var archiveEntries: Int?

  @Option(
    name: .customLong("max-archive"),
    help: ArgumentHelp("Bytes out of an archive (default: 1TiB).", valueName: "size"))
  var archiveBytes: ByteCount?

  /// Lays what was given over the limits of a recipe.
  func apply(to limits: inout WorkerLimits) {
    let sizes: [(ByteCount?, WritableKeyPath<WorkerLimits, Int>)] = [
      (memoryBytes, \.memoryBytes), (stackBytes, \.stackBytes), (fileBytes, \.fileBytes),
      (volumeBytes, \.volumeBytes), (archiveBytes, \.archiveBytes),
      (elementBytes, \.elementBytes),
    ]
    for (size, key) in sizes { if let size { limits[keyPath: key] = size.bytes } }
    let counts: [(Int?, WritableKeyPath<WorkerLimits, Int>)] = [
      (cpuSeconds, \.cpuSeconds), (wallSeconds, \.wallSeconds), (expansion, \.expansion),
      (elements, \.elements), (depth, \.sequenceDepth), (frames, \.frames), (side, \.side),
      (seriesFiles, \.seriesFiles), (archiveRatio, \.archiveRatio),
      (archiveEntries, \.archiveEntries), (inflation, \.inflation),
    ]
    for (count, key) in counts { if let count { limits[keyPath: key] = count } }
  }

  func validate() throws {
    let counts = [
      cpuSeconds, wallSeconds, expansion, elements, depth, frames, side, seriesFiles,
      archiveRatio, archiveEntries, inflation,
    ]
    guard counts.allSatisfy({ $0 ?? 1 > 0 }) else {
      throw ValidationError("A limit is a number above 0.")
    }
  }
}

/// A number of bytes: `500000`, `512MiB`, `4GiB`, `4G`.
struct ByteCount: ExpressibleByArgument {
  var bytes: Int

  init?(argument: String) {
    let digits = argument.prefix { $0.isNumber }
    let units = ["": 0, "K": 10, "M": 20, "G": 30, "T": 40]
    let unit = argument.dropFirst(digits.count).uppercased()
      .replacing("IB", with: "").replacing("B", with: "")
    guard let number = Int(digits), number > 0, let shift = units[unit],
      number <= Int.max >> shift
    else { return nil }
    bytes = number << shift
  }
}
