import ArgumentParser
import Imaging

/// Which connected parts of a mask stay.
struct ComponentOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Of each class, keep the largest connected part alone.")
  var keepLargest: Bool?

  @Option(
    help: ArgumentHelp(
      "Remove connected parts that are smaller, in mm³: of all classes (50), or of one by its label (2=50), given once for each.",
      valueName: "mm3"))
  var minimumVolume: [Bound] = []

  /// `50`, or `2=50`.
  struct Bound: ExpressibleByArgument {
    var label: Int?
    var volume: Double

    init?(argument: String) {
      let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
      guard let volume = parts.last.flatMap({ Double($0) }), parts.count <= 2 else { return nil }
      self.volume = volume
      guard parts.count == 2 else { return }
      guard let label = Int(parts[0]) else { return nil }
      self.label = label
    }
  }

  func validate() throws {
    guard minimumVolume.allSatisfy({ $0.volume >= 0 && $0.volume.isFinite }) else {
      throw ValidationError("--minimum-volume is a volume in mm³, 0 or more.")
    }
    guard minimumVolume.count < 2 || minimumVolume.allSatisfy({ $0.label != nil }) else {
      throw ValidationError("--minimum-volume is given once, or as LABEL=mm3 for each class.")
    }
  }

  /// A recipe with what the flags say.
  func laid(over recipe: ComponentRecipe) -> ComponentRecipe {
    var recipe = recipe
    recipe.keepLargest = keepLargest ?? recipe.keepLargest
    if let bound = minimumVolume.first, bound.label == nil {
      recipe.minimumVolume = .all(bound.volume)
    } else if !minimumVolume.isEmpty {
      let bounds = minimumVolume.compactMap { bound in bound.label.map { ($0, bound.volume) } }
      recipe.minimumVolume = .byLabel(Dictionary(bounds) { $1 })
    }
    return recipe
  }
}
