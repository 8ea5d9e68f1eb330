import Imaging

/// What can be wrong with preparing slices.
public enum PrepareError: Error, Sendable, Equatable {
  /// A word or number of the recipe that cannot be.
  case badRecipe(key: String, problem: String)
  /// A canvas that is no axis-by-axis scaling of its source.
  case foreignCanvas
  /// A volume of other channels than the rest.
  case channelMismatch(volume: String, found: Int, expected: Int)
  /// A channel or time point that a volume does not have.
  case noSuchChannel(volume: String, channel: Int, count: Int)
  /// A mask on another grid than its volume.
  case labelGrid(volume: String)
  /// A class that one byte cannot hold; 255 means not labelled.
  case classTooLarge(volume: String, label: Int)
  /// A class that other masks call differently.
  case classNames(volume: String, label: Int, found: String)
  /// Nothing was left to prepare.
  case nothingSelected
}

extension PrepareError: CustomStringConvertible {
  /// One sentence: which volume or key, what is wrong, and what to do.
  public var description: String {
    switch self {
    case .badRecipe(let key, let problem): "The recipe's \(key) cannot be used: \(problem)."
    case .foreignCanvas: "The slices' grid does not follow the axes of the volume's grid."
    case .channelMismatch(let volume, let found, let expected):
      "Volume \(volume) has \(found) channels and the others \(expected); "
        + "choose some with `channels:` or leave it out with --select."
    case .noSuchChannel(let volume, let channel, let count):
      "Volume \(volume) has \(count) channels and no channel \(channel)."
    case .labelGrid(let volume): "The mask of volume \(volume) lies on another grid than its image."
    case .classTooLarge(let volume, let label):
      "The mask of volume \(volume) has class \(label); a slice store holds classes 0 to 254."
    case .classNames(let volume, let label, let found):
      "The mask of volume \(volume) calls class \(label) \(found), other masks something else."
    case .nothingSelected: "No volume is left to prepare; look at --select and the cohort's list."
    }
  }
}
