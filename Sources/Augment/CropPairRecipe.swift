/// How two views of a slice are drawn for contrastive pretraining.
///
/// Ranges are written `[low, high]`. Every parameter takes its random numbers whether or not it is
/// used, so that switching one off leaves the others as they were.
public struct CropPairRecipe: Codable, Sendable, Equatable {
  /// The side of a view in pixels.
  public var size = 192
  /// Where the views lie in the slice.
  public var geometry = GeometryRecipe()
  /// What happens to their intensities.
  public var intensity = IntensityRecipe()
  /// The regions for local contrast.
  public var regions = RegionRecipe()

  /// The defaults.
  public init() {}
}

/// How slices and their labels are varied for fine-tuning.
public struct LabelledRecipe: Codable, Sendable, Equatable {
  /// Whether anything is varied; if not, the crop is the slice itself.
  public var enabled = true
  /// Rows of the crop; 0 keeps the slice's.
  public var height = 0
  /// Columns of the crop; 0 keeps the slice's.
  public var width = 0
  /// Where the crop lies in the slice; it may reach beyond it.
  public var geometry = GeometryRecipe(
    area: 0.6...1.4, aspect: 0.85...1.18, shear: -5...5, elasticProbability: 0.3)
  /// What happens to the intensities.
  public var intensity = IntensityRecipe(
    contrastProbability: 0.5, gammaProbability: 0.3, blurProbability: 0.1, noiseProbability: 0.15,
    lowResolutionProbability: 0.15)
  /// The label of pixels beyond the slice; 255 is left out of loss and score.
  public var outside: UInt8 = 255

  /// The defaults.
  public init() {}
}

/// Whether a view may be mirrored: only where left and right mean nothing.
public enum FlipPolicy: String, Codable, Sendable, CaseIterable {
  /// Never.
  case none
  /// Along x with probability ½.
  case horizontal
  /// Along y with probability ½.
  case vertical
  /// Along each of the two with probability ½.
  case both
}

/// Crop, scale, rotation, shear, flip and elastic deformation.
public struct GeometryRecipe: Codable, Sendable, Equatable {
  /// The crop's area as a share of the slice's.
  public var area: ClosedRange<Double>
  /// The crop's width over its height, relative to that of the view; logarithmic.
  public var aspect: ClosedRange<Double>
  /// Rotation about the crop's centre in degrees.
  public var rotation: ClosedRange<Double>
  /// Shear along x in degrees.
  public var shear: ClosedRange<Double>
  /// Whether mirroring is allowed.
  public var flip: FlipPolicy
  /// The largest elastic displacement of a control point, in cells of its grid; at most 0.25.
  public var elastic: Double
  /// Cells of the elastic grid along a side.
  public var elasticCells: Int
  /// How often a view is deformed.
  public var elasticProbability: Double

  /// Geometry as for crop pairs, except where said otherwise.
  public init(
    area: ClosedRange<Double> = 0.2...1, aspect: ClosedRange<Double> = 0.75...1.3333,
    rotation: ClosedRange<Double> = -15...15, shear: ClosedRange<Double> = 0...0,
    flip: FlipPolicy = .none, elastic: Double = 0.06, elasticCells: Int = 4,
    elasticProbability: Double = 0.5
  ) {
    (self.area, self.aspect, self.rotation, self.shear) = (area, aspect, rotation, shear)
    (self.flip, self.elastic, self.elasticCells) = (flip, elastic, elasticCells)
    self.elasticProbability = elasticProbability
  }

  /// The whole slice, resized to the view.
  public static let identity = GeometryRecipe(
    area: 1...1, aspect: 1...1, rotation: 0...0, elasticProbability: 0)
}

/// What noise looks like.
public enum NoiseKind: String, Codable, Sendable, CaseIterable {
  /// Added, normally distributed.
  case gaussian
  /// The magnitude of a signal with normal noise in both parts (MR), above the slice's minimum.
  case rician
}

/// Changes of intensity, in units of each channel's own spread over the slice.
public struct IntensityRecipe: Codable, Sendable, Equatable {
  /// Added, in standard deviations of the slice.
  public var brightness: ClosedRange<Double>
  /// Multiplied about the slice's mean; logarithmic.
  public var contrast: ClosedRange<Double>
  /// How often brightness and contrast change.
  public var contrastProbability: Double
  /// The exponent over the slice's own range; logarithmic.
  public var gamma: ClosedRange<Double>
  /// How often gamma changes.
  public var gammaProbability: Double
  /// The largest logarithm of a bias field's factors at its control points.
  public var bias: Double
  /// Cells of the bias field along a side.
  public var biasCells: Int
  /// How often there is one: a smooth change of brightness over the view, as of a surface coil.
  public var biasProbability: Double
  /// The Gaussian's sigma in pixels of the view.
  public var blur: ClosedRange<Double>
  /// How often a view is blurred.
  public var blurProbability: Double
  /// The noise's standard deviation, in standard deviations of the slice.
  public var noise: ClosedRange<Double>
  /// How often noise is added.
  public var noiseProbability: Double
  /// Its distribution.
  public var noiseKind: NoiseKind
  /// By what factor resolution is reduced and restored.
  public var lowResolution: ClosedRange<Double>
  /// How often it is.
  public var lowResolutionProbability: Double
  /// The area of a rectangle set to the slice's mean, as a share of the view.
  public var cutout: ClosedRange<Double>
  /// How often one is.
  public var cutoutProbability: Double

  /// Intensity changes as for crop pairs, except where said otherwise.
  public init(
    brightness: ClosedRange<Double> = -0.3...0.3, contrast: ClosedRange<Double> = 0.7...1.4,
    contrastProbability: Double = 0.8, gamma: ClosedRange<Double> = 0.7...1.5,
    gammaProbability: Double = 0.5, bias: Double = 0.4, biasCells: Int = 2,
    biasProbability: Double = 0, blur: ClosedRange<Double> = 0.4...1.2,
    blurProbability: Double = 0.3, noise: ClosedRange<Double> = 0...0.15,
    noiseProbability: Double = 0.5, noiseKind: NoiseKind = .gaussian,
    lowResolution: ClosedRange<Double> = 1...2, lowResolutionProbability: Double = 0,
    cutout: ClosedRange<Double> = 0.02...0.2, cutoutProbability: Double = 0
  ) {
    (self.brightness, self.contrast) = (brightness, contrast)
    (self.contrastProbability, self.gamma) = (contrastProbability, gamma)
    (self.bias, self.biasCells, self.biasProbability) = (bias, biasCells, biasProbability)
    (self.gammaProbability, self.blur) = (gammaProbability, blur)
    (self.blurProbability, self.noise) = (blurProbability, noise)
    (self.noiseProbability, self.noiseKind) = (noiseProbability, noiseKind)
    (self.lowResolution, self.cutout) = (lowResolution, cutout)
    (self.lowResolutionProbability, self.cutoutProbability) =
      (lowResolutionProbability, cutoutProbability)
  }

  /// Nothing changes.
  public static let identity = IntensityRecipe(
    contrastProbability: 0, gammaProbability: 0, blurProbability: 0, noiseProbability: 0)
}

/// The regions that local contrast compares.
public struct RegionRecipe: Codable, Sendable, Equatable {
  /// Regions of a pair, R.
  public var count = 24
  /// Points along a region's side, s.
  public var points = 3
  /// A region's side as a share of the view's, at the mean scale of the two views.
  public var side = 0.125
  /// Candidates tried for each region before the overlap counts as too small.
  public var attempts = 24

  /// The defaults.
  public init() {}
}
