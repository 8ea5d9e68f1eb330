import ArgumentParser
import Foundation
import SSL
import SliceStore
import Torch

struct SpectrumCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spectrum",
    abstract: "Say how many dimensions an encoder's features use.",
    discussion: """
      Singular values, RankMe, effective rank and participation ratio at three taps (last map, \
      pooled, projected), with and without the whitening, over all slices, across volumes and \
      within them, each beside what isotropic noise of the same size would score.

      EXAMPLE
        lamina spectrum both slices.zarr
      """)

  @Argument(help: ArgumentHelp("A pretraining run, or one of its checkpoints.", valueName: "run"))
  var pretrained: String

  @Argument(help: "A slice store, prepared as the run's was.")
  var slices: String

  @Option(help: "At most so many slices are embedded, evenly spread.")
  var limit = 4096

  @Option(help: "The part of the split to look at: train, validation or test.")
  var split: SplitPart = .train

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let device = try openDevice(named: compute.device)
    let store = try SliceStore(slices)
    let report = try spectrum(
      run: pretrained, store, slices: store.slices(ofVolumes: store.split(split)), limit: limit,
      device: device, threads: compute.threads ?? 0)
    if output.json { return try printJSON(report) }
    output.console.result(text(of: report))
  }
}

/// The table of a spectrum, and what it means.
func text(of report: SpectrumReport) -> String {
  Table(rows: [SpectrumReport.columns] + report.rows).text
    + "\nlargest singular values of the pooled features, the first as 1: \(report.leadingValues)"
    + "\n\(report.slices) slices of \(report.volumes) volumes: \(report.verdict)"
}

extension SplitPart: ExpressibleByArgument {}
