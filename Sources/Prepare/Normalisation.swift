import Imaging

/// From the real values of one channel to those that a network sees:
/// `(clamp(real, low, high) − shift) / divisor`.
public struct Normalisation: Codable, Sendable, Equatable {
  /// Real values outside of `low…high` are set to the nearer of the two.
  public var low, high: Double
  /// What is subtracted, and what the rest is divided by.
  public var shift, divisor: Double

  /// Makes one from its four numbers.
  public init(low: Double, high: Double, shift: Double, divisor: Double) {
    (self.low, self.high, self.shift, self.divisor) = (low, high, shift, divisor)
  }

  /// Finds the numbers for a channel. Voxels that are not finite do not count.
  ///
  /// Of a channel with more than four million voxels every n-th counts, so that they number about
  /// two million.
  public init(_ values: [Float], modality: String, recipe: IntensityRecipe) {
    switch recipe.kind(for: modality) {
    case .window, .auto:
      let (low, high) = (recipe.window[0], recipe.window[1])
      self.init(low: low, high: high, shift: (low + high) / 2, divisor: (high - low) / 2)
    case .none:
      self.init(low: -32_768, high: 32_767, shift: 0, divisor: 1)
    case .percentile:
      let sample = Self.sample(values)
      let bounds = percentiles(sample, recipe.percentiles.map { $0 / 100 })
      let clipped = sample.map { min(max($0, bounds[0]), bounds[1]) }
      let (mean, deviation) = meanAndDeviation(clipped)
      let flat = deviation <= 1e-12 * max(1, abs(mean))
      self.init(
        low: Double(bounds[0]), high: Double(bounds[1]), shift: mean,
        divisor: flat ? 1 : deviation)
    }
  }

  private static func sample(_ values: [Float]) -> [Float] {
    let step = max(1, values.count / 2_000_000)
    guard step > 1 else { return values.filter(\.isFinite) }
    return stride(from: 0, to: values.count, by: step).map { values[$0] }.filter(\.isFinite)
  }

  /// The normalised value; one that is not finite counts as the lowest.
  public func callAsFunction(_ real: Float) -> Float {
    guard real.isFinite else { return darkest }
    return Float((min(max(Double(real), low), high) - shift) / divisor)
  }

  /// The lowest value that comes out.
  public var darkest: Float { Float((low - shift) / divisor) }
}
