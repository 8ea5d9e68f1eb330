import ArgumentParser
import Cohort
import Foundation
import SliceStore

struct ForgetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget",
    abstract: "Remove a patient from a cohort store and its ledger.",
    discussion: """
      Slice stores and runs that were made from the cohort are not touched; name their folders with \
      --search to be told which of them used the patient.

      EXAMPLE
        lamina forget p3fa9c1d02b cohort.zarr --search out
      """)

  @Argument(help: "The patient's pseudonym, as lamina list --json gives it.")
  var pseudonym: String

  @Argument(help: "The cohort store.")
  var cohort: String

  @Option(help: "A folder to look through for slice stores and runs that used the patient.")
  var search: [String] = []

  @OptionGroup var output: OutputOptions

  func run() throws {
    let writer = try CohortWriter(cohort)
    let removed = try writer.remove(patient: pseudonym)
    let ledger = Ledger.path(of: cohort)
    let known =
      FileManager.default.fileExists(atPath: ledger)
      ? try Ledger(ledger).forget(patient: pseudonym) : []
    _ = try writer.finish()
    let ids = Set(removed + known)
    guard !ids.isEmpty else { throw Failure("\(cohort): no patient is called \(pseudonym).") }
    output.console.note("forget: \(ids.count) volumes removed from the store and the ledger")
    for use in search.flatMap({ uses(of: ids, below: $0) }) { output.console.result(use) }
  }

  /// Slice stores and checkpoints below a folder that name one of the volumes.
  private func uses(of ids: Set<String>, below folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)
    var found: [String] = []
    while let name = names?.nextObject() as? String {
      guard name.hasSuffix(".safetensors") || name.hasSuffix("/volumes") || name == "volumes",
        let data = FileManager.default.contents(atPath: folder + "/" + name),
        ids.contains(where: { data.range(of: Data($0.utf8)) != nil })
      else { continue }
      found.append("\(folder)/\(name): made with the patient; make it anew without.")
    }
    return found
  }
}
