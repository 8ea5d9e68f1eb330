/// One varied view of a slice and of its label, for fine-tuning.
///
/// Image and label share the geometry: the image is sampled linearly, beyond the slice as at its
/// edge; the label by the nearest pixel, beyond the slice ``outside``.
public struct LabelledCrop: Sendable, Codable, Equatable {
  /// Geometry and intensity.
  public var view: CropView
  /// The label of pixels beyond the slice; 255 is left out of loss and score.
  public var outside: UInt8

  /// Makes a crop from its parts.
  public init(view: CropView, outside: UInt8 = 255) {
    (self.view, self.outside) = (view, outside)
  }

  /// The slice and its label themselves.
  public static func identity(height: Int, width: Int) -> LabelledCrop {
    LabelledCrop(view: .identity(width: width, height: height))
  }

  /// Draws a crop of a slice of `sliceHeight × sliceWidth` pixels.
  ///
  /// A recipe that is not enabled gives the slice itself, at its own size.
  public static func draw(
    _ recipe: LabelledRecipe, sliceHeight: Int, sliceWidth: Int, using generator: inout Philox
  ) -> LabelledCrop {
    guard recipe.enabled else { return .identity(height: sliceHeight, width: sliceWidth) }
    let (height, width) = recipe.size(sliceHeight: sliceHeight, sliceWidth: sliceWidth)
    let view = CropView(
      geometry: .draw(
        recipe.geometry, width: width, height: height, sliceWidth: sliceWidth,
        sliceHeight: sliceHeight, using: &generator),
      intensity: .draw(recipe.intensity, width: width, height: height, using: &generator))
    return LabelledCrop(view: view, outside: recipe.outside)
  }
}

extension LabelledRecipe {
  /// Rows and columns of a crop from a slice of the given size.
  public func size(sliceHeight: Int, sliceWidth: Int) -> (height: Int, width: Int) {
    (
      enabled && height > 0 ? height : sliceHeight,
      enabled && width > 0 ? width : sliceWidth
    )
  }
}
