import ArgumentParser
import Phantom

struct PhantomCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phantom",
    abstract: "Write a labelled cohort of synthetic patients as genuine DICOM.",
    discussion: """
      Every patient is one series in dicom/, in one of several orientations and encodings, and one \
      NIfTI mask in labels/. The same seed gives the same bytes. With --series, one small series of \
      every kind is written instead, to try a reader on: orientations, encodings, echoes, phase, \
      time, a tilted gantry, a mosaic, multi-frame, missing and uneven slices. With --files, that \
      many tiny images, to see how work grows with their number.

      EXAMPLE
        lamina phantom --patients 12 --into phantom
        lamina phantom --series --into kinds
      """)

  @Option(help: "How many patients.")
  var patients = 12

  @Option(help: "What everything random depends on.")
  var seed: UInt64 = 1

  @Flag(help: "Write one small series of every kind instead of patients.")
  var series = false

  @Option(help: "Write so many images of 8 × 8 pixels, 100 to a series, instead of patients.")
  var files: Int?

  @Option(help: "The folder to write.")
  var into: String

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard patients > 0 else { throw ValidationError("--patients: give at least 1.") }
    guard files ?? 1 > 0 else { throw ValidationError("--files: give at least 1.") }
  }

  func run() throws {
    if series { return try writeKinds() }
    if let files {
      try Phantom.writeTiny(files: files, seed: seed, into: into)
      return output.console.note("phantom: \(files) files in \(into)")
    }
    let bar = ProgressBar("phantom", unit: "patients", console: output.console)
    try Phantom.write(PhantomRecipe(patients: patients, seed: seed), into: into) { patient in
      bar.update(patient + 1, of: patients)
    }
    bar.finish()
    output.console.note("phantom: \(patients) patients in \(into)/dicom, masks in \(into)/labels")
  }

  private func writeKinds() throws {
    let kinds = PhantomSeries.allCases
    let bar = ProgressBar("phantom", unit: "series", console: output.console)
    try Phantom.writeSeries(kinds, seed: seed, into: into) { bar.update($0 + 1, of: kinds.count) }
    bar.finish()
    output.console.note("phantom: \(kinds.count) kinds of series in \(into)")
  }
}
