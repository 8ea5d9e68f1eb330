import ArgumentParser
import Segmentation

struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Learn a segmenter from the few labels there are.",
    discussion: """
      full: the encoder and a U-Net decoder learn. linear: the encoder stays as it is and one 1×1 \
      convolution learns on its maps. linear-network: the same, on the maps of the decoder too that \
      was pretrained with it. scratch: as full, from random weights. N volumes are the \
      first N of an order that the seed fixes, so subsets are nested. An unfinished run is taken up \
      where it stopped.

      EXAMPLE
        lamina finetune slices.zarr --encoder both --into segmenter --volumes 8
        lamina finetune slices.zarr --init resnet50.safetensors --into probe --mode linear
      """)

  @Argument(help: "The slice store, with labels, prepared as the encoder's was.")
  var slices: String

  @Option(help: "The run folder of the pretrained encoder, or its .safetensors.")
  var encoder: String?

  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      "Instead of --encoder, the weights of others: a .safetensors file with torchvision's or nnU-Net's names.",
      valueName: "file"))
  var initial: String?

  @Option(help: "The run folder to write.")
  var into: String

  @Option(help: "linear, linear-network, full or scratch (default: the recipe's).")
  var mode: FinetuneMode?

  @Option(help: "How many labelled volumes to learn from; 0 is all (default: the recipe's).")
  var volumes: Int?

  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    var chosen = try recipe.pipeline().finetune
    if let mode { chosen.mode = mode }
    if let volumes { chosen.volumes = volumes }
    if let threads = compute.threads { chosen.threads = threads }
    if let seed = compute.seed { chosen.seed = seed }
    if let initial { chosen.initialWeights = initial }
    guard chosen.mode == .scratch || (encoder != nil) != !chosen.initialWeights.isEmpty else {
      throw ValidationError(
        "--mode \(chosen.mode.rawValue) wants either --encoder RUN or --init FILE.")
    }
    let result = try finetuneStage(
      slices, encoder: encoder, into: into, recipe: chosen,
      device: openDevice(named: compute.device),
      console: output.console)
    output.console.note(summary(of: result))
  }
}

extension FinetuneMode: ExpressibleByArgument {}
