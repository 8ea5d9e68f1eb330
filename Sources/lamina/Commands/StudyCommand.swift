import ArgumentParser
import Foundation
import Recipes

struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Compare arms of the method by the masks they make from few labels.",
    discussion: """
      Pretrains every arm on the training split, fits each with 1, 4, 8, … labelled volumes in \
      several choices, linearly and whole, and scores the test volumes on their own grids. Ends \
      with tables of mean ± sd, paired differences with 95 % intervals, ranks and plots, in study.md. \
      What is done is not done again: stop it at any time, and the same command goes on. Run at once \
      in several shells, it shares out the work: one process a core, or several on one GPU.

      EXAMPLE
        lamina study pipelines/study-hippocampus.yaml --set data=Task04_Hippocampus --into out/study
      """)

  @Argument(help: "The study's recipe; the recipes of its arms lie beside it.")
  var recipe: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Override a setting, for example choices=5.", valueName: "a.b=c"))
  var overrides: [String] = []

  @Option(help: "The folder for everything.")
  var into: String

  @Option(name: .long, help: "Threads to compute with (default: the recipe's).")
  var threads = 0

  @Option(name: .long, help: "cpu, cuda, or cuda:N.")
  var device = "cpu"

  @OptionGroup var output: OutputOptions

  func run() throws {
    let study = try Recipe.load(StudyRecipe(), file: recipe, overrides: overrides)
    guard !study.data.isEmpty else { throw ValidationError("Which scans? Give --set data=PATH.") }
    try study.validate(recipe)
    let arms = URL(fileURLWithPath: recipe).deletingLastPathComponent().path
    var running = try Study(
      study, armsIn: arms, folder: into, device: device, threads: threads, console: output.console)
    let tables = try running.run()
    if output.json {
      try printJSON(tables.results.values.sorted { $0.cell.name < $1.cell.name })
    } else {
      output.console.result(tables.markdown)
    }
  }
}
