import ArgumentParser
import Foundation
import Prepare
import SliceStore
import Torch
import Zarr

struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Cut a cohort into slices that a network can learn from.",
    discussion: """
      Slices are cut along the coarsest axis, turned as a radiologist looks at them, resampled in \
      the plane, normalised, cropped or padded to one canvas, split by patient, and stored in 16 \
      bits. The store remembers the way back to every source grid.

      EXAMPLE
        lamina prepare cohort.zarr --into slices.zarr --set prepare.spacing='[1, 1]'
        lamina prepare cohort.zarr --into t1.zarr --select description~T1
      """)

  @Argument(help: "The cohort store.")
  var cohort: String

  @Option(help: "The slice store to write.")
  var into: String

  @Option(
    help: ArgumentHelp(
      "Take only volumes that match, for example modality=MR or description~T1; see lamina list.",
      valueName: "condition"))
  var select: [String] = []

  @Option(help: "Prepare as the data of this run or slice store were.")
  var like: String?

  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let chosen = try like.map(recordedRecipe) ?? recipe.pipeline().prepare
    let wanted = try selected(select, of: cohort)
    let report = try prepareStage(
      cohort, into: into, recipe: chosen, select: { wanted?.contains($0.id) ?? true },
      console: output.console)
    output.console.note(summary(of: report))
    if output.json { try printJSON(describe(into)) }
    if !report.refused.isEmpty {
      throw SomeRefused(description: "\(report.refused.count) volumes were left out.")
    }
  }
}

/// How the slices of a store, or those that a run learned from, were prepared.
private func recordedRecipe(_ path: String) throws -> PrepareRecipe {
  if FileManager.default.fileExists(atPath: path + "/zarr.json") {
    return try PrepareRecipe(recorded: SliceStore(path).attributes.recipe)
  }
  for name in ["segmenter.safetensors", "encoder.safetensors"] {
    guard let header = try? SafeTensorsHeader(reading: path + "/" + name),
      let text = header.metadata["preprocessing"]
    else { continue }
    return try PrepareRecipe(recorded: JSON(text: Array(text.utf8), path: path + "/" + name))
  }
  throw Failure("--like \(path): this is neither a slice store nor a finished run.")
}
