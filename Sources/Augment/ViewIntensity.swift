/// What happens to a view's intensities, in this order: low resolution, blur, gamma, bias field,
/// contrast and brightness, noise, cutout.
///
/// Amounts are relative to each channel's statistics over the whole slice, so the value needs no
/// pixels to be drawn and means the same for Hounsfield units and for magnitudes.
public struct ViewIntensity: Sendable, Codable, Equatable {
  /// The exponent over the slice's range; 1 changes nothing.
  public var gamma = 1.0
  /// Factors of what lies above the slice's minimum, smooth over the view.
  public var bias: BiasField?
  /// The factor about the slice's mean.
  public var contrast = 1.0
  /// Added, in standard deviations of the slice.
  public var brightness = 0.0
  /// The Gaussian's sigma in view pixels; 0 is none.
  public var blur = 0.0
  /// The factor by which resolution is reduced; 1 is none.
  public var lowResolution = 1.0
  /// The noise's standard deviation in those of the slice; 0 is none.
  public var noise = 0.0
  /// The noise's distribution.
  public var noiseKind = NoiseKind.gaussian
  /// What the noise of each pixel is computed from.
  public var noiseSeed: UInt32 = 0
  /// A rectangle set to the slice's mean.
  public var cutout: Cutout?

  /// A rectangle of view pixels.
  public struct Cutout: Sendable, Codable, Equatable {
    /// The first column and row.
    public var x, y: Int
    /// Columns and rows.
    public var width, height: Int

    /// Makes a rectangle, which must lie within the view.
    public init(x: Int, y: Int, width: Int, height: Int) {
      (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }
  }

  /// Nothing changes.
  public init() {}

  /// Draws intensity changes for a view of `width × height` pixels.
  public static func draw(
    _ recipe: IntensityRecipe, width: Int, height: Int, using generator: inout Philox
  ) -> ViewIntensity {
    var result = ViewIntensity()
    func amount(_ probability: Double, else none: Double, _ value: Double) -> Double {
      generator.chance(probability) ? value : none
    }
    let brightness = generator.uniform(in: recipe.brightness)
    let contrast = generator.logUniform(in: recipe.contrast)
    if generator.chance(recipe.contrastProbability) {
      (result.brightness, result.contrast) = (brightness, contrast)
    }
    let gamma = generator.logUniform(in: recipe.gamma)
    result.gamma = amount(recipe.gammaProbability, else: 1, gamma)
    let blur = generator.uniform(in: recipe.blur)
    result.blur = amount(recipe.blurProbability, else: 0, blur)
    let noise = generator.uniform(in: recipe.noise)
    result.noise = amount(recipe.noiseProbability, else: 0, noise)
    result.noiseKind = recipe.noiseKind
    result.noiseSeed = generator.word()
    let low = generator.uniform(in: recipe.lowResolution)
    result.lowResolution = amount(recipe.lowResolutionProbability, else: 1, low)
    let cells = max(recipe.biasCells, 1)
    var own = generator
    generator.skip(BiasField.words(cells: cells))
    if generator.chance(recipe.biasProbability) {
      result.bias = .draw(cells: cells, strength: recipe.bias, using: &own)
    }
    let box = drawCutout(recipe.cutout, width: width, height: height, using: &generator)
    if generator.chance(recipe.cutoutProbability) { result.cutout = box }
    return result
  }

  private static func drawCutout(
    _ share: ClosedRange<Double>, width: Int, height: Int, using generator: inout Philox
  ) -> Cutout {
    let area = generator.uniform(in: share) * Double(width * height)
    let aspect = generator.logUniform(in: 0.5...2)
    let columns = min(max(Int((area * aspect).squareRoot()), 1), width)
    let rows = min(max(Int((area / aspect).squareRoot()), 1), height)
    return Cutout(
      x: generator.index(below: width - columns + 1), y: generator.index(below: height - rows + 1),
      width: columns, height: rows)
  }
}
