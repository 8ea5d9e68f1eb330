/// One view of a slice: where its pixels lie, and what happens to their intensities.
public struct CropView: Sendable, Codable, Equatable {
  /// From view pixels to slice pixels.
  public var geometry: ViewGeometry
  /// What happens to the intensities.
  public var intensity: ViewIntensity

  /// Makes a view from its parts.
  public init(geometry: ViewGeometry, intensity: ViewIntensity = ViewIntensity()) {
    (self.geometry, self.intensity) = (geometry, intensity)
  }

  /// The slice itself, untouched.
  public static func identity(width: Int, height: Int) -> CropView {
    CropView(geometry: .identity(width: width, height: height))
  }

  /// The slice point `(x, y)` that is seen at a view point.
  public func slicePoint(ofViewPoint point: SIMD2<Double>) -> SIMD2<Double> {
    geometry.slicePoint(ofViewPoint: point)
  }

  /// The view point at which a slice point is seen, which may lie outside the view.
  public func viewPoint(ofSlicePoint point: SIMD2<Double>) -> SIMD2<Double> {
    geometry.viewPoint(ofSlicePoint: point)
  }
}

/// Two views of one slice, drawn before a pixel is touched.
///
/// The value is all there is to know about a pair: it is logged, replayed and compared, and
/// ``CropView/apply(to:into:)`` makes the pixels from it.
public struct CropPair: Sendable, Codable, Equatable {
  /// What the query encoder sees.
  public var query: CropView
  /// What the key encoder sees.
  public var key: CropView

  /// Makes a pair of two views.
  public init(query: CropView, key: CropView) {
    (self.query, self.key) = (query, key)
  }

  /// Draws both views of a slice of `sliceHeight × sliceWidth` pixels, independently.
  public static func draw(
    _ recipe: CropPairRecipe, sliceHeight: Int, sliceWidth: Int, using generator: inout Philox
  ) -> CropPair {
    func view() -> CropView {
      CropView(
        geometry: .draw(
          recipe.geometry, width: recipe.size, height: recipe.size, sliceWidth: sliceWidth,
          sliceHeight: sliceHeight, using: &generator),
        intensity: .draw(
          recipe.intensity, width: recipe.size, height: recipe.size, using: &generator))
    }
    let query = view()
    return CropPair(query: query, key: view())
  }
}
