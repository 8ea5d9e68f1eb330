import ArgumentParser
import Foundation

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract:
      "Say how fast a store is read, cropped and learned from, and what the others wait for.",
    discussion: """
      Reads slices at random, makes the recipe's crop pairs, and makes some steps of pretraining, each \
      for some seconds. Nothing is written.

      EXAMPLE
        lamina bench slices.zarr --recipe pipelines/demo.yaml
        lamina bench slices.zarr --json
      """)

  @Argument(help: "The slice store.")
  var slices: String

  @Option(help: "Seconds for each measurement.")
  var seconds = 3.0

  @Flag(help: "Leave out the steps of pretraining, which need LibTorch.")
  var withoutTraining = false

  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard seconds > 0 && seconds <= 3600 else {
      throw ValidationError("--seconds is more than 0 and at most 3600.")
    }
  }

  func run() throws {
    var recipe = try recipe.pipeline().pretrain
    if let threads = compute.threads { recipe.threads = threads }
    if let seed = compute.seed { recipe.seed = seed }
    let device = withoutTraining ? nil : try openDevice(named: compute.device)
    let result = try bench(
      slices, recipe: recipe, for: seconds, device: device, console: output.console)
    if output.json { return try printJSON(result) }
    output.console.result(Table(rows: result.rows).text)
    output.console.result(result.bottleneck)
  }
}
