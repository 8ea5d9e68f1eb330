import CropTypes

/// A stored slice in memory, borrowed: 16-bit pixels of C channels, and what they stand for.
///
/// Real value = stored × scale + offset. The pointer must outlive the value.
public struct SlicePixels {
  /// Stored values, C×H×W.
  public let stored: UnsafeBufferPointer<Int16>
  /// Channels.
  public let channels: Int
  /// Rows.
  public let height: Int
  /// Columns.
  public let width: Int
  /// The real value of one stored step.
  public let scale: Float
  /// The real value of a stored 0.
  public let offset: Float
  /// Each channel's statistics over the slice.
  public let statistics: [ChannelStatistics]

  /// Borrows a slice and measures it in one pass.
  ///
  /// The slice must be at least 2×2 pixels and `stored` must hold C×H×W of them.
  public init(
    _ stored: UnsafeBufferPointer<Int16>, channels: Int, height: Int, width: Int, scale: Float,
    offset: Float, level: InstructionLevel = .best
  ) {
    precondition(width >= 2 && height >= 2, "a slice has at least 2×2 pixels")
    precondition(stored.count == channels * height * width, "pixels do not fit the slice's shape")
    (self.stored, self.channels, self.height, self.width) = (stored, channels, height, width)
    (self.scale, self.offset) = (scale, offset)
    let count = height * width
    statistics = (0..<channels).map {
      ChannelStatistics(
        UnsafeBufferPointer(rebasing: stored[$0 * count..<($0 + 1) * count]), scale: scale,
        offset: offset, level: level)
    }
  }

  /// The first stored value of a channel.
  func plane(_ channel: Int) -> UnsafePointer<Int16> {
    stored.baseAddress! + channel * height * width
  }
}

/// What one channel's intensities are like over a whole slice, in real values.
public struct ChannelStatistics: Sendable, Equatable {
  /// The smallest value.
  public var minimum: Float
  /// The largest value.
  public var maximum: Float
  /// The mean.
  public var mean: Float
  /// The population's standard deviation.
  public var deviation: Float

  /// Measures stored values. There must be at least one.
  public init(
    _ stored: UnsafeBufferPointer<Int16>, scale: Float, offset: Float,
    level: InstructionLevel = .best
  ) {
    let sums = level.measure(stored.baseAddress!, count: stored.count)
    let count = Double(stored.count)
    let mean = Double(sums.sum) / count
    let variance = max(Double(sums.squares) / count - mean * mean, 0)
    let ends = (Float(sums.low) * scale + offset, Float(sums.high) * scale + offset)
    (minimum, maximum) = (min(ends.0, ends.1), max(ends.0, ends.1))
    self.mean = Float(mean) * scale + offset
    deviation = Float(variance.squareRoot()) * abs(scale)
  }
}
