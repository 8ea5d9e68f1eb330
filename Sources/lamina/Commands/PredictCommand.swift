import ArgumentParser
import Cohort
import Foundation
import SliceStore

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Write masks as NIfTI on the grid of each scan.",
    discussion: """
      Takes DICOM folders and NIfTI files, which worker processes read, or a cohort store. Every \
      voxel of the scan is decided; shape and affine of the mask are the scan's.

      EXAMPLE
        lamina predict scan.nii.gz --model out/finetune --into masks
        lamina predict /disk/study --model out/finetune --into masks --keep-largest
      """)

  @Argument(help: "DICOM folders, NIfTI files or folders, or one cohort store.")
  var paths: [String]

  @Option(help: "The run folder of a segmenter.")
  var model: String

  @Option(help: "The folder for the masks.")
  var into: String

  @Flag(
    inversion: .prefixedNo,
    help:
      "Average over mirror images of each slice: slower, sometimes better (default: the recipe's).")
  var mirror: Bool?

  @OptionGroup var components: ComponentOptions
  @OptionGroup(title: "Limits of a worker") var limits: LimitOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    var writer = try MaskWriter(
      model: model, into: into, device: compute.device, threads: compute.threads ?? 0,
      mirrored: mirror, console: output.console)
    writer.components = components.laid(over: writer.components)
    let refused = try predict(with: &writer)
    output.console.note("predict: \(writer.count) masks in \(into)")
    if refused > 0 { throw SomeRefused(description: "\(refused) inputs were refused.") }
    guard writer.count > 0 else { throw Failure("\(paths[0]): no scan was found here.") }
  }

  private var workerLimits: WorkerLimits {
    var chosen = WorkerLimits()
    limits.apply(to: &chosen)
    return chosen
  }

  private func predict(with writer: inout MaskWriter) throws -> Int {
    if paths.count == 1, FileManager.default.fileExists(atPath: paths[0] + "/zarr.json") {
      let ids = try CohortStore(paths[0]).ids
      return try predictCohort(paths[0], ids: ids, with: &writer, console: output.console)
    }
    let refused = try predictFiles(
      paths, limits: workerLimits, with: &writer, console: output.console)
    for refusal in refused { output.console.complain("\(refusal)") }
    return refused.count
  }
}
