import ArgumentParser
import Cohort
import Foundation

struct ForgetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget",
    abstract: "Remove a patient from a cohort store and its ledger.",
    discussion: """
      Slice stores, runs and exported files that were made from the cohort are not touched; name \
      folders with --search to be told which of them used the patient. Files that were ingested \
      stay where they are: ingested again, they bring the patient back.

      EXAMPLE
        lamina forget p3fa9c1d02b cohort.zarr --search out
      """)

  @Argument(help: "The patient's pseudonym, as lamina list --json gives it.")
  var pseudonym: String

  @Argument(help: "The cohort store.")
  var cohort: String

  @Option(help: "A folder to look through for stores, runs and files made with the patient.")
  var search: [String] = []

  @OptionGroup var output: OutputOptions

  func run() throws {
    let ids = try Set(Forgetting.run(pseudonym, from: cohort))
    guard !ids.isEmpty else { throw Failure("\(cohort): no patient is called \(pseudonym).") }
    let uses = PatientUses(of: ids, below: search).sentences
    if output.json { return try printJSON(["volumes": ids.sorted(), "uses": uses]) }
    output.console.note("forget: \(ids.count) volumes removed from the store and the ledger")
    for use in uses { output.console.result(use) }
    if search.isEmpty {
      output.console.note(
        "forget: slice stores, runs and exports were not looked for; see --search")
    }
  }
}
