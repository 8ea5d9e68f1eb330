import ArgumentParser
import Cohort

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join cohort stores that several machines made of one tree.",
    discussion: """
      The parts come from lamina ingest --shard with one --key. Stores and ledgers are joined to \
      the bytes that one ingest of the whole tree would have given; the parts stay as they are.

      EXAMPLE
        lamina ingest /disk/studies --key key --shard 1/2 --into part1.zarr
        lamina ingest /disk/studies --key key --shard 2/2 --into part2.zarr
        lamina merge part1.zarr part2.zarr --into cohort.zarr
      """)

  @Argument(help: "Finished cohort stores, each with its ledger beside it.")
  var parts: [String]

  @Option(help: "The cohort store to make.")
  var into: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let bar = ProgressBar("merge", unit: "volumes", console: output.console)
    let report = try Merge.run(parts, into: into) { done, total in bar.update(done, of: total) }
    bar.finish()
    if output.json { try printJSON(report) }
    output.console.note("merge: \(report.summary)")
  }
}
