import ArgumentParser
import Imaging

/// Which connected parts of a mask stay.
struct ComponentOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Of each class, keep the largest connected part alone.")
  var keepLargest: Bool?

  @Option(
    help: ArgumentHelp(
      "Remove connected parts of a class that are smaller, in mm³.", valueName: "mm3"))
  var minimumVolume: Double?

  func validate() throws {
    guard minimumVolume.map({ $0 >= 0 && $0.isFinite }) ?? true else {
      throw ValidationError("--minimum-volume is a volume in mm³, 0 or more.")
    }
  }

  /// A recipe with what the flags say.
  func laid(over recipe: ComponentRecipe) -> ComponentRecipe {
    var recipe = recipe
    recipe.keepLargest = keepLargest ?? recipe.keepLargest
    recipe.minimumVolume = minimumVolume ?? recipe.minimumVolume
    return recipe
  }
}
