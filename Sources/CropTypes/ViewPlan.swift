/// What the crop kernels are told, and nothing else: plain numbers and pointers.
///
/// These types live in a module of their own that is built for every processor. A type declared in
/// a kernel's module would bring shared code (copies, metadata) built for that kernel's instruction
/// set, which the linker may keep for all callers.
///
/// One view of a slice: where its pixels lie, what happens to their intensities, where they go.
public struct ViewPlan {
  /// Stored pixels, C×H×W, at least 2×2.
  public var stored: UnsafePointer<Int16>
  /// Channels of the slice.
  public var channels = 1
  /// Columns of the slice.
  public var sliceWidth: Int
  /// Rows of the slice.
  public var sliceHeight: Int
  /// Columns of the view.
  public var width: Int
  /// Rows of the view.
  public var height: Int
  /// The slice's step, `(x, y)`, for one view pixel along x.
  public var stepX = SIMD2<Double>(1, 0)
  /// The slice's step for one view pixel along y.
  public var stepY = SIMD2<Double>(0, 1)
  /// The slice point that the view's pixel (0, 0) sees, before the elastic displacement.
  public var origin = SIMD2<Double>(0, 0)
  /// Displacements along x and y in view pixels.
  public var elasticX = SplineGrid.none, elasticY = SplineGrid.none
  /// Columns and rows of the reduced resolution; 0 keeps it.
  public var coarseWidth = 0, coarseHeight = 0
  /// The Gaussian's weights at 0 … reach.
  public var taps: UnsafePointer<Float>
  /// How far the Gaussian reaches in pixels; 0 is no blur.
  public var reach = 0
  /// Factors of the intensities above the channel's least.
  public var bias = SplineGrid.none
  /// One for each channel.
  public var tones: UnsafePointer<ChannelTone>
  /// A rectangle of the view that is set to the channel's mean; empty when there is none.
  public var cutout = Box(x: 0, y: 0, width: 0, height: 0)
  /// Room for the view, C×height×width.
  public var output: UnsafeMutablePointer<Float>
  /// Room for ``scratchCount`` numbers.
  public var scratch: UnsafeMutablePointer<Float>

  /// A view of a slice whose pointers lead nowhere yet.
  public init(sliceWidth: Int, sliceHeight: Int, width: Int, height: Int) {
    (self.sliceWidth, self.sliceHeight) = (sliceWidth, sliceHeight)
    (self.width, self.height) = (width, height)
    (stored, taps) = (nowhere(), nowhere())
    tones = nowhere()
    (output, scratch) = (UnsafeMutablePointer(mutating: taps), UnsafeMutablePointer(mutating: taps))
  }
}

/// A pointer that must not be followed.
private func nowhere<Pointee>() -> UnsafePointer<Pointee> { UnsafePointer(bitPattern: 64)! }

/// A rectangle of pixels.
public struct Box {
  /// The first column and row, and how many.
  public var x, y, width, height: Int

  /// Makes a rectangle.
  public init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }
}

/// A uniform cubic B-spline over a view.
public struct SplineGrid {
  /// Its `(cells + 3)²` coefficients, x fastest.
  public var controls: UnsafePointer<Float>
  /// Cells along a side; 0 is no spline.
  public var cells: Int
  /// Pixels of a cell along x and y.
  public var spacing: SIMD2<Double>

  /// Makes a spline.
  public init(controls: UnsafePointer<Float>, cells: Int, spacing: SIMD2<Double>) {
    (self.controls, self.cells, self.spacing) = (controls, cells, spacing)
  }

  /// No spline at all.
  public static var none: SplineGrid {
    SplineGrid(controls: nowhere(), cells: 0, spacing: [1, 1])
  }
}

/// What happens to one channel's intensities, in single precision.
public struct ChannelTone {
  /// The stored value that is 0 and the factor that leads to 1, over the slice's range; used for
  /// gamma and bias.
  public var unitZero: Float = 0, unitScale: Float = 1
  /// The exponent over 0…1; 1 is none.
  public var gamma: Float = 1
  /// Whether values pass through 0…1.
  public var usesUnit = false
  /// From 0…1 (or from stored values) to the result.
  public var scale: Float = 1, offset: Float = 0
  /// The noise's standard deviation in real values; 0 is none.
  public var noise: Float = 0
  /// Whether noise makes a magnitude, above ``floor``.
  public var rician = false
  /// The channel's least value.
  public var floor: Float = 0
  /// The channel's mean.
  public var mean: Float = 0
  /// What the noise is a function of, together with the pixel's place.
  public var seed: UInt32 = 0

  /// Stored values as they are.
  public init() {}
}

/// Sums over stored pixels.
public struct StoredSums {
  /// The smallest and the largest value.
  public var low, high: Int16
  /// Their sum and the sum of their squares.
  public var sum, squares: Int64

  /// Sums that are known.
  public init(low: Int16, high: Int16, sum: Int64, squares: Int64) {
    (self.low, self.high, self.sum, self.squares) = (low, high, sum, squares)
  }
}
