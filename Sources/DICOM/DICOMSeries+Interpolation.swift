import Imaging

extension DICOMSeries {
  /// Makes even slices of those that all files have been decoded to; nothing where they are even.
  public func interpolate(_ buffer: UnsafeMutableRawBufferPointer) {
    precondition(buffer.count == byteCount, "the buffer does not fit the series")
    guard let blends else { return }
    switch type {
    case .uint8: interpolate(buffer.bindMemory(to: UInt8.self), blends)
    case .int8: interpolate(buffer.bindMemory(to: Int8.self), blends)
    case .uint16: interpolate(buffer.bindMemory(to: UInt16.self), blends)
    case .int16: interpolate(buffer.bindMemory(to: Int16.self), blends)
    case .uint32: interpolate(buffer.bindMemory(to: UInt32.self), blends)
    default: interpolate(buffer.bindMemory(to: Int32.self), blends)
    }
  }

  private func interpolate<Sample: FixedWidthInteger>(
    _ samples: UnsafeMutableBufferPointer<Sample>, _ blends: [SliceBlend]
  ) {
    let slice = grid.size.x * grid.size.y
    let inputs = (blends.map(\.high).max() ?? 0) + 1
    for lead in 0..<leading.count {
      let start = lead * blends.count * slice
      let input = Array(samples[start..<start + inputs * slice])
      for (z, blend) in blends.enumerated() {
        let (low, high) = (blend.low * slice, blend.high * slice)
        for pixel in 0..<slice {
          let (a, b) = (Double(input[low + pixel]), Double(input[high + pixel]))
          samples[start + z * slice + pixel] = Sample((a + (b - a) * blend.weight).rounded())
        }
      }
    }
  }
}
