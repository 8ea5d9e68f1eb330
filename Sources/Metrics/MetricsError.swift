/// Why a mask could not be compared with its reference.
public enum MetricsError: Error, Sendable, Equatable {
  /// The two masks of a case have different numbers of voxels.
  case sizesDiffer(case: String, mask: [Int], reference: [Int])
  /// The two masks of a case lie at different places, `millimetres` apart at the worst corner.
  case placesDiffer(case: String, millimetres: Double)
  /// The affine of a mask has no volume or is not finite, so that nothing can be measured on it.
  case gridIsSingular(case: String)
}

extension MetricsError: CustomStringConvertible {
  /// One sentence: which case, what is wrong, what to do.
  public var description: String {
    switch self {
    case .sizesDiffer(let name, let mask, let reference):
      "\(name): the mask has \(mask) voxels and its reference \(reference); "
        + "compare masks on the grid of the scan."
    case .placesDiffer(let name, let millimetres):
      "\(name): the mask lies \(whole(millimetres)) mm or less away from its reference; "
        + "give both the affine of the scan."
    case .gridIsSingular(let name):
      "\(name): the affine of the mask is singular, so distances have no meaning; repair the header."
    }
  }
}

/// The next whole number above; an affine may say any number, also one that no integer holds.
private func whole(_ number: Double) -> String {
  Int(exactly: number.rounded(.up)).map { "\($0)" } ?? "\(number)"
}
