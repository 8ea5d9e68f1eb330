import ArgumentParser
import Cohort

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the volumes of a cohort, by what its ledger knows as well.",
    discussion: """
      Conditions are field=text (the whole, whatever its case), field~text (a part), their contrary \
      field!=text and field!~text, and for dates and numbers field>=value and field<=value; all must \
      hold. Fields: id, patient, modality, source, label, flag, slices, times; and, where the ledger \
      is at hand: name, description, protocol, study, date, part, uid, path.

      EXAMPLE
        lamina list cohort.zarr --where modality=MR --where description~flair
        lamina list cohort.zarr --where 'date>=2020' --where 'date<=2021-06'
      """)

  @Argument(help: "The cohort store.")
  var cohort: String

  @Option(help: ArgumentHelp("Only volumes that match.", valueName: "condition"))
  var `where`: [String] = []

  @OptionGroup var output: OutputOptions

  func run() throws {
    let list = try CohortList(cohort).filtered(by: `where`)
    if output.json { return try printJSON(list) }
    output.console.result(Table(rows: list.rows).text)
  }
}

/// The volumes of a cohort that match every condition; nil, which is all, for no conditions.
func selected(_ conditions: [String], of cohort: String) throws -> Set<String>? {
  guard !conditions.isEmpty else { return nil }
  let list = try CohortList(cohort).filtered(by: conditions)
  guard !list.entries.isEmpty else {
    throw Failure("\(cohort): no volume matches \(conditions.joined(separator: " and ")).")
  }
  return Set(list.entries.map(\.volume.id))
}
