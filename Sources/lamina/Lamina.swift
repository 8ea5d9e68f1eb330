import ArgumentParser
import Cohort
import Foundation
import Recipes

/// The way in: worker processes branch off before anything else is looked at.
@main
enum Main {
  static func main() {
    let command = CommandLine.arguments.dropFirst().first
    if command == "--worker" { WorkerMain.run() }
    if command == IngestCommand.configuration.commandName { WorkersAhead.split(workersAhead) }
    exit(run())
  }

  /// How many workers an ingest is likely to use: at most four, which are split off sooner than started.
  private static var workersAhead: Int {
    let words = CommandLine.arguments
    let said = words.firstIndex(of: "--workers").flatMap { words.dropFirst($0 + 1).first }
    let wanted = said.flatMap { Int($0) } ?? ProcessInfo.processInfo.activeProcessorCount
    return min(max(0, wanted), 4)
  }

  /// Parses, runs, and turns whatever went wrong into a sentence and an exit code:
  /// 0 done, 1 failed, 2 used wrongly, 3 finished but some inputs were refused.
  private static func run() -> Int32 {
    do {
      var command = try Lamina.parseAsRoot()
      try command.run()
      return 0
    } catch let refused as SomeRefused {
      Console().complain(refused.description)
      return 3
    } catch let error where Lamina.exitCode(for: error) == .success {
      print(Lamina.fullMessage(for: error))
      return 0
    } catch let error where Lamina.exitCode(for: error) == .validationFailure {
      Console().complain(Lamina.fullMessage(for: error))
      return 2
    } catch let error as RecipeError {
      Console().complain(error.description)
      return 2
    } catch {
      Console().complain(sentence(error))
      return 1
    }
  }
}

/// The command tree, in the order of the road.
struct Lamina: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lamina",
    abstract: "From scans without labels to segmentation models that need few.",
    discussion: """
      DICOM folders and NIfTI files become a cohort store, the cohort a slice store; an encoder is \
      pretrained on its slices without labels, fine-tuned on the few labels there are, and writes \
      masks as NIfTI on the grid of the scan they came from.

      EXAMPLE
        lamina phantom --patients 12 --into phantom
        lamina ingest phantom/dicom --labels phantom/labels --into cohort.zarr
        lamina prepare cohort.zarr --into slices.zarr
        lamina pretrain slices.zarr --into pretrained
        lamina finetune slices.zarr --encoder pretrained --into segmenter
        lamina predict scan.nii.gz --model segmenter --into masks

      Exit codes: 0 done, 1 failed, 2 used wrongly, 3 finished but some inputs were refused.
      """,
    version: version,
    subcommands: [
      IngestCommand.self, MergeCommand.self, ListCommand.self, ExportCommand.self,
      PrepareCommand.self,
      PretrainCommand.self, FinetuneCommand.self, PredictCommand.self, EvaluateCommand.self,
      SpectrumCommand.self, ExportWeightsCommand.self, PhantomCommand.self, InspectCommand.self,
      VerifyCommand.self,
      BenchCommand.self,
      ForgetCommand.self, RunCommand.self, StudyCommand.self,
    ])

  /// The version that stores and runs record.
  static let version = "0.1.0"
}
