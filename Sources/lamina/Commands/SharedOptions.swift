import ArgumentParser
import Foundation
import Recipes

/// How much a command says.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Say nothing but results and errors.")
  var quiet = false

  @Flag(name: .long, help: "Print the result as JSON.")
  var json = false

  var console: Console { Console(quiet: quiet) }
}

/// A recipe file and what overrides it.
struct RecipeOptions: ParsableArguments {
  @Option(
    name: .long,
    help: "A recipe: the YAML of pipelines/, or one that states only what differs.")
  var recipe: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Override a setting, for example pretrain.steps=400.", valueName: "a.b=c"))
  var overrides: [String] = []

  /// The whole pipeline with the recipe and its overrides laid over the defaults.
  func pipeline() throws -> Pipeline {
    try Recipe.load(Pipeline(), file: recipe, overrides: overrides)
  }
}

/// Where tensors live and how many threads compute.
struct ComputeOptions: ParsableArguments {
  @Option(name: .long, help: "Threads to compute with (default: all cores).")
  var threads: Int?

  @Option(name: .long, help: "The seed of everything random (default: the recipe's).")
  var seed: UInt64?

  @Option(name: .long, help: "cpu, cuda, or cuda:N.")
  var device = "cpu"
}

/// Writes to standard output what a program can parse.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  Console().result(escaped(String(decoding: try encoder.encode(value), as: UTF8.self)))
}
