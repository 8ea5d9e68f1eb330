/// The width of a row in whole vectors of 16 pixels.
public func paddedWidth(_ width: Int) -> Int { (width + 15) / 16 * 16 }

/// Where the kernel keeps its rows. Nothing has the slice's size; only a view of lower resolution is
/// kept whole, at that resolution.
extension ViewPlan {
  /// Pixels of a padded row of the view.
  public var rowCount: Int { paddedWidth(width) }
  /// A padded row and a vector more, since splines are written in whole vectors from any pixel on.
  private var rowRoom: Int { rowCount + 16 }
  /// Numbers of a coarse row: its last pixel is there twice.
  public var coarseStride: Int { paddedWidth(coarseWidth + 1) }
  /// Rows that a vertical blur looks at.
  public var depth: Int { reach > 0 ? 2 * reach + 1 : 0 }

  /// Slice columns of a row's pixels.
  public var rowX: UnsafeMutablePointer<Float> { scratch }
  /// Slice rows of a row's pixels.
  public var rowY: UnsafeMutablePointer<Float> { scratch + rowRoom }
  /// A row's factors.
  public var gains: UnsafeMutablePointer<Float> { scratch + 2 * rowRoom }
  /// For each column, the coarse column before it (bits of an Int32) and how far beyond it lies.
  public var coarseColumn: UnsafeMutablePointer<Float> { scratch + 3 * rowRoom }
  /// The second half of ``coarseColumn``.
  public var coarseFraction: UnsafeMutablePointer<Float> { scratch + 4 * rowRoom }
  /// A row, with room for the blur's reach before and after it.
  public var line: UnsafeMutablePointer<Float> { scratch + 5 * rowRoom + paddedWidth(reach) }
  /// The last ``depth`` rows of each channel, blurred across.
  public var ring: UnsafeMutablePointer<Float> {
    scratch + 5 * rowRoom + rowCount + 2 * paddedWidth(reach)
  }
  /// The channels at low resolution.
  public var coarse: UnsafeMutablePointer<Float> { ring + channels * depth * rowCount }
  /// A row between two coarse ones, or a spline's coefficients along a row.
  public var bend: UnsafeMutablePointer<Float> {
    coarse + channels * coarseHeight * coarseStride
  }

  /// How many numbers all of that takes.
  public var scratchCount: Int {
    let cells = max(elasticX.cells, bias.cells) + 3
    return (bend - scratch) + max(coarseStride, paddedWidth(cells)) + 16
  }
}
