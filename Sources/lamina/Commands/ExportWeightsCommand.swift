import ArgumentParser
import Models

struct ExportWeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export-weights",
    abstract: "Write a run's weights for torchvision, nnU-Net or MONAI.",
    discussion: """
      torchvision: the names of its ResNets, without a classifier. nnunet: the names of PlainConvUNet, \
      the aliases of its state dict included, with the decoder when the run is a fine-tuned U-Net. \
      safetensors: Lamina's own names, each tensor once. RUN may also be a .safetensors file of any of \
      these. --check writes an image and what the network makes of it: whoever loads the weights \
      elsewhere can see whether they give the same.

      EXAMPLE
        lamina export-weights both --as nnunet --into encoder-nnunet.safetensors
      """)

  @Argument(
    help: ArgumentHelp(
      "A run of pretraining or fine-tuning, or a .safetensors file.", valueName: "run"))
  var source: String

  @Option(name: .customLong("as"), help: "torchvision, nnunet or safetensors.")
  var names: WeightNames

  @Option(help: "The .safetensors file to write.")
  var into: String

  @Option(help: "Write an image, its feature maps and logits to this .safetensors file.")
  var check: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let summary = try exportWeightsStage(source, as: names, into: into, check: check)
    if output.json { try printJSON(summary) }
    output.console.note(summary.sentence)
  }
}

extension WeightNames: ExpressibleByArgument {}
