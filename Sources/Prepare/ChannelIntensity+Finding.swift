import Imaging
import SliceStore

extension ChannelIntensity {
  /// Finds the numbers for a channel of real values. Voxels that are not finite do not count.
  ///
  /// Of a channel with four million voxels and more every n-th counts, two million or so.
  public init(_ values: [Float], modality: String, recipe: IntensityRecipe) {
    switch recipe.kind(for: modality) {
    case .window, .auto:
      let (low, high) = (recipe.window[0], recipe.window[1])
      self.init(lower: low, upper: high, shift: (low + high) / 2, scale: (high - low) / 2)
    case .none:
      self.init(lower: -32_768, upper: 32_767, shift: 0, scale: 1)
    case .percentile:
      let sample = Self.sample(values)
      let bounds = percentiles(sample, recipe.percentiles.map { $0 / 100 })
      let clipped = sample.map { min(max($0, bounds[0]), bounds[1]) }
      let (mean, deviation) = meanAndDeviation(clipped)
      let flat = deviation <= 1e-12 * max(1, abs(mean))
      self.init(
        lower: Double(bounds[0]), upper: Double(bounds[1]), shift: mean,
        scale: flat ? 1 : deviation)
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
    return Float((min(max(Double(real), lower), upper) - shift) / scale)
  }

  /// The lowest value that comes out.
  public var darkest: Float { Float((lower - shift) / scale) }
}
