import ArgumentParser
import Phantom

struct PhantomCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phantom",
    abstract: "Write a labelled cohort of synthetic patients as genuine DICOM.",
    discussion: """
      Every patient is one series in dicom/, in one of several orientations and encodings, and one \
      NIfTI mask in labels/. The same seed gives the same bytes.

      EXAMPLE
        lamina phantom --patients 12 --into phantom
      """)

  @Option(help: "How many patients.")
  var patients = 12

  @Option(help: "What everything random depends on.")
  var seed: UInt64 = 1

  @Option(help: "The folder to write.")
  var into: String

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard patients > 0 else { throw ValidationError("--patients: give at least 1.") }
  }

  func run() throws {
    let bar = ProgressBar("phantom", unit: "patients", console: output.console)
    try Phantom.write(PhantomRecipe(patients: patients, seed: seed), into: into) { patient in
      bar.update(patient + 1, of: patients)
    }
    bar.finish()
    output.console.note("phantom: \(patients) patients in \(into)/dicom, masks in \(into)/labels")
  }
}
