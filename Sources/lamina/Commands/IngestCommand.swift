import ArgumentParser
import Cohort

struct IngestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Take DICOM folders, NIfTI files or data sets into a cohort store.",
    discussion: """
      Folders of any depth with any mix of series; a folder with dataset.json (Decathlon, nnU-Net) \
      brings its labels along. Files are read by worker processes under limits: one that kills or \
      hangs its worker is one refused file. What identifies a person goes into the ledger beside \
      the store and nowhere else. Running again takes only what is new.

      EXAMPLE
        lamina ingest /disk/studies --into cohort.zarr
        lamina ingest phantom/dicom --labels phantom/labels --into cohort.zarr
      """)

  @Argument(help: "DICOM folders, NIfTI files or folders, or data set folders.")
  var paths: [String] = []

  @Option(help: "The cohort store to make or to add to.")
  var into: String

  @Option(help: "A folder of NIfTI masks, matched to the volumes by name or by labels.tsv.")
  var labels: String?

  @Option(help: "A file with the key of the pseudonyms (default: the ledger makes its own).")
  var key: String?

  @Option(
    help: ArgumentHelp(
      "Which part of a NIfTI file's path is the patient (default: sub-, else the file's name).",
      valueName: "regex"))
  var patientFrom: String?

  @Flag(help: "Take pictures that may have names burned into them; look at them first.")
  var allowBurnedIn = false

  @Option(
    help: ArgumentHelp(
      "Take part i of what n machines share, for lamina merge; needs --key.", valueName: "i/n"))
  var shard: String?

  @Flag(help: "End at the first refusal.")
  var strict = false

  @Option(help: "Worker processes, at most 256 (default: one a core).")
  var workers: Int?

  @OptionGroup(title: "Limits of a worker") var limits: LimitOptions
  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard !paths.isEmpty || labels != nil else {
      throw ValidationError("What shall be ingested? Give a folder of scans, or --labels.")
    }
  }

  func run() throws {
    var chosen = try recipe.pipeline().ingest
    if let labels { chosen.labels = labels }
    if let key { chosen.key = key }
    if allowBurnedIn { chosen.allowBurnedIn = true }
    if let patientFrom { chosen.patientFrom = patientFrom }
    if let shard { chosen.shard = shard }
    if strict { chosen.strict = true }
    if let workers { chosen.workers = workers }
    limits.apply(to: &chosen.limits)
    guard chosen.shard.isEmpty || !chosen.key.isEmpty else {
      throw ValidationError("--shard: give all parts one --key.")
    }
    let report = try ingestStage(paths, into: into, recipe: chosen, console: output.console)
    if output.json { try printJSON(report) }
    show(report, volumes: !output.json, console: output.console)
    // A part of a small tree may well be empty.
    if !chosen.shard.isEmpty && report.present == 0 && !report.isPartial { return }
    if let error = outcome(report, of: paths, in: into) { throw error }
  }
}
