import ArgumentParser
import Recipes

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Go the whole road that a file of pipelines/ describes.",
    discussion: """
      Ingests, prepares, pretrains, fine-tunes, predicts the test split and evaluates, under one \
      folder: cohort.zarr, slices.zarr, pretrain, finetune, masks, references. A stage whose inputs \
      and recipe have not changed is not run again. Without labels the road ends at the spectrum.

      EXAMPLE
        lamina run pipelines/hippocampus.yaml --set data=Task04 --into out
      """)

  @Argument(help: "A recipe of pipelines/, or your own.")
  var pipeline: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Override a setting, for example pretrain.steps=400.", valueName: "a.b=c"))
  var overrides: [String] = []

  @Option(help: "The folder for everything.")
  var into = "."

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    var pipeline = try Recipe.load(Pipeline(), file: pipeline, overrides: overrides)
    if let threads = compute.threads {
      (pipeline.pretrain.threads, pipeline.finetune.threads) = (threads, threads)
    }
    if let seed = compute.seed {
      (pipeline.pretrain.seed, pipeline.finetune.seed) = (seed, seed)
    }
    guard !pipeline.data.isEmpty else {
      throw ValidationError("Which scans? Give --set data=PATH.")
    }
    let road = try Road(
      pipeline, in: into, device: compute.device, json: output.json, console: output.console)
    try road.run()
  }
}
