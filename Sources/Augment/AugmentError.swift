/// A recipe that no view can be drawn from.
public enum AugmentError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The value at this path of the recipe is out of bounds; `rule` says what it has to be.
  case recipe(path: String, rule: String)

  /// What is wrong, in a sentence.
  public var description: String {
    switch self {
    case .recipe(let path, let rule):
      "The recipe's `\(path)` must be \(rule); correct it and start again."
    }
  }
}

extension CropPairRecipe {
  /// Checks that views and regions can be drawn; names the first value that is out of bounds.
  public func validate() throws(AugmentError) {
    try require(size >= 1 && size <= 8192, "size", "1 to 8192 pixels")
    try geometry.validate("geometry")
    try intensity.validate("intensity")
    try require((0...4096).contains(regions.count), "regions.count", "0 to 4096")
    try require((1...64).contains(regions.points), "regions.points", "1 to 64")
    try require(regions.side > 0 && regions.side <= 1, "regions.side", "above 0 and at most 1")
    try require((1...1000).contains(regions.attempts), "regions.attempts", "1 to 1000")
  }
}

extension LabelledRecipe {
  /// Checks that crops can be drawn; names the first value that is out of bounds.
  public func validate() throws(AugmentError) {
    try require((0...8192).contains(height), "height", "0 (the slice's own) to 8192 pixels")
    try require((0...8192).contains(width), "width", "0 (the slice's own) to 8192 pixels")
    try geometry.validate("geometry")
    try intensity.validate("intensity")
  }
}

extension GeometryRecipe {
  fileprivate func validate(_ path: String) throws(AugmentError) {
    try require(area, in: 1e-4...100, "\(path).area")
    try require(aspect, in: 0.01...100, "\(path).aspect")
    try require(rotation, in: -360...360, "\(path).rotation")
    try require(shear, in: -60...60, "\(path).shear")
    try require(elastic, in: 0...ElasticField.limit, "\(path).elastic")
    try require((1...64).contains(elasticCells), "\(path).elasticCells", "1 to 64")
    try require(elasticProbability, in: 0...1, "\(path).elasticProbability")
  }
}

extension IntensityRecipe {
  fileprivate func validate(_ path: String) throws(AugmentError) {
    try require(brightness, in: -100...100, "\(path).brightness")
    try require(contrast, in: 0.01...100, "\(path).contrast")
    try require(gamma, in: 0.1...10, "\(path).gamma")
    try require(bias, in: 0...3, "\(path).bias")
    try require((1...64).contains(biasCells), "\(path).biasCells", "1 to 64")
    try require(biasProbability, in: 0...1, "\(path).biasProbability")
    try require(blur, in: 0...50, "\(path).blur")
    try require(noise, in: 0...100, "\(path).noise")
    try require(lowResolution, in: 1...64, "\(path).lowResolution")
    try require(cutout, in: 0...1, "\(path).cutout")
    try require(contrastProbability, in: 0...1, "\(path).contrastProbability")
    try require(gammaProbability, in: 0...1, "\(path).gammaProbability")
    try require(blurProbability, in: 0...1, "\(path).blurProbability")
    try require(noiseProbability, in: 0...1, "\(path).noiseProbability")
    try require(lowResolutionProbability, in: 0...1, "\(path).lowResolutionProbability")
    try require(cutoutProbability, in: 0...1, "\(path).cutoutProbability")
  }
}

private func require(_ holds: Bool, _ path: String, _ rule: String) throws(AugmentError) {
  guard holds else { throw .recipe(path: path, rule: rule) }
}

private func require(
  _ value: Double, in bounds: ClosedRange<Double>, _ path: String
) throws(AugmentError) {
  try require(bounds.contains(value), path, "\(bounds.lowerBound) to \(bounds.upperBound)")
}

private func require(
  _ range: ClosedRange<Double>, in bounds: ClosedRange<Double>, _ path: String
) throws(AugmentError) {
  try require(
    bounds.contains(range.lowerBound) && bounds.contains(range.upperBound), path,
    "a range within \(bounds.lowerBound) to \(bounds.upperBound)")
}
