import ArgumentParser
import SliceStore

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read back every checksum of a store.",
    discussion: """
      Finds files that are missing, cut short, changed, or that nobody put there, by name.

      EXAMPLE
        lamina verify cohort.zarr
      """)

  @Argument(help: "A cohort store or a slice store.")
  var store: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let report = try verify(store)
    if output.json { try printJSON(report) }
    for problem in report.problems { output.console.complain("\(problem.path): \(problem.what)") }
    guard report.isSound else {
      throw Failure(
        "\(store): \(report.problems.count) problems; restore these files or make the store anew.")
    }
    if !output.json {
      output.console.result(
        "\(store): sound; \(report.files) files, \(report.chunks) chunks, \(report.bytes) bytes read back"
      )
    }
  }
}
