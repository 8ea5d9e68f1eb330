import Augment

/// A slice whose pixels say where they are: channel 0 holds x, channel 1 holds y, in hundredths.
struct CodedSlice {
  let width: Int
  let height: Int
  let stored: [Int16]

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    let x = (0..<height).flatMap { _ in (0..<width).map { Int16($0 * 100) } }
    let y = (0..<height).flatMap { y in (0..<width).map { _ in Int16(y * 100) } }
    stored = x + y
  }

  /// The pixels of a view, 2×H×W: the slice coordinates that it sees.
  func seen(by view: CropView) -> [Float] {
    stored.withUnsafeBufferPointer {
      view.applied(
        to: SlicePixels($0, channels: 2, height: height, width: width, scale: 0.01, offset: 0))
    }
  }

  /// A coordinate as it is seen: beyond the slice as at its edge.
  func clamped(_ point: SIMD2<Double>) -> SIMD2<Double> {
    SIMD2(
      min(max(point.x, 0), Double(width - 1)), min(max(point.y, 0), Double(height - 1)))
  }
}

/// A view of one channel of the given values, made with nothing but an intensity change.
func changed(
  _ stored: [Int16], width: Int, scale: Float = 1, offset: Float = 0, _ intensity: ViewIntensity
) -> [Float] {
  let height = stored.count / width
  var view = CropView.identity(width: width, height: height)
  view.intensity = intensity
  return stored.withUnsafeBufferPointer {
    view.applied(
      to: SlicePixels($0, channels: 1, height: height, width: width, scale: scale, offset: offset))
  }
}

/// An image without structure, in −1000 ..< 1000, the same in every run.
func speckle(count: Int) -> [Int16] {
  var generator = Philox(seed: 99, ordinal: 0)
  return (0..<count).map { _ in Int16(generator.index(below: 2000) - 1000) }
}

/// Mean and standard deviation.
func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
  let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
  let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
  return (mean, (squares / Double(values.count)).squareRoot())
}

/// The geometries that are told apart in tests: each transform alone, and all of them.
let transforms: [String: GeometryRecipe] = [
  "crop and scale": GeometryRecipe(rotation: 0...0, elasticProbability: 0),
  "aspect": GeometryRecipe(aspect: 0.5...2, rotation: 0...0, elasticProbability: 0),
  "rotation": GeometryRecipe(rotation: -45...45, elasticProbability: 0),
  "shear": GeometryRecipe(rotation: 0...0, shear: -20...20, elasticProbability: 0),
  "flip": GeometryRecipe(rotation: 0...0, flip: .both, elasticProbability: 0),
  "elastic": GeometryRecipe(rotation: 0...0, elastic: 0.25, elasticProbability: 1),
  "all": GeometryRecipe(shear: -10...10, flip: .both, elastic: 0.2, elasticProbability: 1),
]

/// A view of a 96×80 slice with one kind of transform.
func drawnView(_ name: String, seed: UInt64, width: Int = 50, height: Int = 40) -> CropView {
  var generator = Philox(seed: seed, ordinal: 5)
  let geometry = ViewGeometry.draw(
    transforms[name] ?? .identity, width: width, height: height, sliceWidth: 96, sliceHeight: 80,
    using: &generator)
  return CropView(geometry: geometry)
}
