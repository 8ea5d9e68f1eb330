/// Where a view's pixels lie in the slice: `slice = affine(u + elastic(u))` for a view point `u`.
///
/// Points are `(x, y)` in pixels, a whole coordinate being a pixel's centre, in the view and in
/// the slice alike.
public struct ViewGeometry: Sendable, Codable, Equatable {
  /// Columns of the view.
  public var width: Int
  /// Rows of the view.
  public var height: Int
  /// From view pixels, after the elastic displacement, to slice pixels.
  public var affine: PlanarAffine
  /// A displacement within the view, if there is one.
  public var elastic: ElasticField?

  /// Makes a geometry from its parts.
  public init(width: Int, height: Int, affine: PlanarAffine, elastic: ElasticField? = nil) {
    (self.width, self.height, self.affine, self.elastic) = (width, height, affine, elastic)
  }

  /// The slice itself.
  public static func identity(width: Int, height: Int) -> ViewGeometry {
    ViewGeometry(width: width, height: height, affine: .identity)
  }

  /// The slice point that is seen at a view point.
  public func slicePoint(ofViewPoint point: SIMD2<Double>) -> SIMD2<Double> {
    affine(elastic.map { point + $0.displacement(at: point) } ?? point)
  }

  /// The view point at which a slice point is seen, which may lie outside the view.
  ///
  /// Exact for affine views; elastic ones are inverted to 1e-9 pixels.
  public func viewPoint(ofSlicePoint point: SIMD2<Double>) -> SIMD2<Double> {
    let displaced = affine.inverse(point)
    return elastic?.source(of: displaced, from: displaced) ?? displaced
  }

  /// A view point in the coordinates of `grid_sample` without aligned corners: −1 and 1 are the
  /// outer edges of the first and last pixel, on a feature map of any stride.
  public func normalised(_ point: SIMD2<Double>) -> SIMD2<Double> {
    (2 * point + 1) / SIMD2(Double(width), Double(height)) - 1
  }

  /// Whether a view point lies between the centres of the outer pixels, so that sampling there
  /// needs nothing from beyond the edge.
  public func contains(_ point: SIMD2<Double>) -> Bool {
    point.x >= 0 && point.y >= 0 && point.x <= Double(width - 1) && point.y <= Double(height - 1)
  }

  /// Slice pixels per view pixel, as a length.
  public var scale: Double { abs(affine.determinant).squareRoot() }
}

extension ViewGeometry {
  /// Draws where a view of `width × height` pixels lies in a slice.
  ///
  /// As torchvision's `RandomResizedCrop`, without its rejections: a crop that would not fit is
  /// made smaller at its own aspect, then placed anywhere within the slice (a crop larger than
  /// the slice, anywhere that covers it), turned about its centre.
  public static func draw(
    _ recipe: GeometryRecipe, width: Int, height: Int, sliceWidth: Int, sliceHeight: Int,
    using generator: inout Philox
  ) -> ViewGeometry {
    let slice = SIMD2(Double(sliceWidth), Double(sliceHeight))
    let view = SIMD2(Double(width), Double(height))
    let crop = drawCrop(recipe, slice: slice, view: view, using: &generator)
    let (s, c) = sineAndCosine(degrees: generator.uniform(in: recipe.rotation))
    let slant = sineAndCosine(degrees: generator.uniform(in: recipe.shear))
    let shear = slant.sine / slant.cosine
    let mirror = drawMirror(recipe.flip, using: &generator)
    let place = SIMD2(generator.uniform(), generator.uniform())
    let centre = crop / 2 + (slice - crop) * place - 0.5

    let step = crop / view * mirror
    let x = SIMD2(c, s) * step.x
    let y = SIMD2(shear * c - s, shear * s + c) * step.y
    let middle = (view - 1) / 2
    let affine = PlanarAffine(x: x, y: y, origin: centre - x * middle.x - y * middle.y)
    let deformed = generator.chance(recipe.elasticProbability) && recipe.elastic > 0
    var geometry = ViewGeometry(width: width, height: height, affine: affine)
    let cells = max(recipe.elasticCells, 1)
    guard deformed else {
      generator.skip(ElasticField.words(cells: cells))
      return geometry
    }
    geometry.elastic = .draw(
      cells: cells, strength: recipe.elastic, width: width, height: height, using: &generator)
    return geometry
  }

  /// Width and height of the crop in slice pixels, before it is turned.
  private static func drawCrop(
    _ recipe: GeometryRecipe, slice: SIMD2<Double>, view: SIMD2<Double>,
    using generator: inout Philox
  ) -> SIMD2<Double> {
    let area = generator.uniform(in: recipe.area)
    let ratio = generator.logUniform(in: recipe.aspect) * view.x / view.y
    let pixels = area * slice.x * slice.y
    let sides = SIMD2((pixels * ratio).squareRoot(), (pixels / ratio).squareRoot())
    let room = slice * max(1, area.squareRoot()) / sides
    return sides * min(1, room.x, room.y)
  }

  private static func drawMirror(
    _ policy: FlipPolicy, using generator: inout Philox
  ) -> SIMD2<Double> {
    let (first, second) = (generator.chance(0.5), generator.chance(0.5))
    let horizontal = first && (policy == .horizontal || policy == .both)
    let vertical = second && (policy == .vertical || policy == .both)
    return SIMD2(horizontal ? -1 : 1, vertical ? -1 : 1)
  }
}
