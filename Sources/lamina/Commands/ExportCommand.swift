import ArgumentParser
import Cohort
import SliceStore

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a cohort's volumes as NIfTI with JSON sidecars.",
    discussion: """
      With ingest, DICOM to NIfTI conversion by itself. Masks drawn on these files come back \
      through `lamina ingest --labels`, matched by name, in any orientation.

      EXAMPLE
        lamina export cohort.zarr --into nifti
      """)

  @Argument(help: "The cohort store.")
  var cohort: String

  @Option(help: "The folder for ID.nii.gz, ID.json, and ID_label-NAME.nii.gz.")
  var into: String

  @Option(help: ArgumentHelp("Only volumes that match; see lamina list.", valueName: "condition"))
  var select: [String] = []

  @OptionGroup var output: OutputOptions

  func run() throws {
    let chosen = try selected(select, of: cohort)
    let bar = ProgressBar("export", unit: "volumes", console: output.console)
    let files = try Export.run(cohort, into: into, select: { chosen?.contains($0.id) ?? true }) {
      bar.update($0, of: $1)
    }
    bar.finish()
    if output.json { try printJSON(files) }
    output.console.note("export: \(files.count) files in \(into)")
  }
}
