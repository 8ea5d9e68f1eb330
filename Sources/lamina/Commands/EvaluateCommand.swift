import ArgumentParser
import Foundation
import Imaging

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Compare masks with references: Dice, HD95, ASSD, volume error.",
    discussion: """
      Files are matched by name. Distances are in millimetres between surfaces, as MedPy defines \
      them; a dash stands where a mask or its reference is empty. Parts can be removed from the \
      masks, not from the references, before they are compared.

      EXAMPLE
        lamina evaluate out/masks out/references
      """)

  @Argument(help: "A folder of NIfTI masks.")
  var masks: String

  @Argument(help: "A folder of NIfTI masks that are the truth.")
  var references: String

  @OptionGroup var components: ComponentOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let (evaluation, missing) = try evaluateStage(
      masks, against: references, components: components.laid(over: ComponentRecipe()),
      console: output.console)
    output.console.result(
      output.json
        ? String(decoding: try evaluation.json(), as: UTF8.self) : evaluation.table)
    if !missing.isEmpty {
      throw SomeRefused(description: "\(missing.count) references have no mask.")
    }
  }
}
