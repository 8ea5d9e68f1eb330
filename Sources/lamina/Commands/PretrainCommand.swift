import ArgumentParser

struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain",
    abstract: "Learn an encoder from slices without labels.",
    discussion: """
      MoCo v2 with a queue that knows where its keys come from; local contrast and decorrelation as \
      the recipe says. Only the training split is seen. The run folder holds checkpoints, \
      metrics.jsonl, the resolved recipe, and encoder.safetensors.

      EXAMPLE
        lamina pretrain slices.zarr --into both --recipe pipelines/demo.yaml
        lamina pretrain slices.zarr --into both --resume
        lamina pretrain slices.zarr --into r50 --init resnet50.safetensors \
          --set pretrain.architecture=resnet50
      """)

  @Argument(help: "The slice store.")
  var slices: String

  @Option(help: "The run folder to write.")
  var into: String

  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      "Start from the encoder of a .safetensors file: torchvision's or nnU-Net's names, or ours.",
      valueName: "file"))
  var initial: String?

  @Flag(help: "Go on from the newest checkpoint in the run folder.")
  var resume = false

  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    var pipeline = try recipe.pipeline()
    if let threads = compute.threads { pipeline.pretrain.threads = threads }
    if let seed = compute.seed { pipeline.pretrain.seed = seed }
    if let initial { pipeline.pretrain.initialWeights = initial }
    let result = try pretrainStage(
      slices, into: into, pipeline: pipeline, resume: resume,
      device: openDevice(named: compute.device), console: output.console)
    if output.json { try printJSON(result) }
    if let verdict = result.verdict { output.console.note("pretrain: \(verdict)") }
  }
}
