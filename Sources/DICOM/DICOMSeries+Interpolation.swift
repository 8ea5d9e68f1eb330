import Imaging

extension DICOMSeries {
  /// Makes the even slices of one time point of those that its files have been decoded to.
  func interpolate(_ buffer: UnsafeMutableRawBufferPointer, _ blends: [SliceBlend]) {
    precondition(buffer.count == grid.count * type.size, "the buffer does not fit a time point")
    switch type {
    case .uint8: integers(buffer.bindMemory(to: UInt8.self), blends)
    case .int8: integers(buffer.bindMemory(to: Int8.self), blends)
    case .uint16: integers(buffer.bindMemory(to: UInt16.self), blends)
    case .int16: integers(buffer.bindMemory(to: Int16.self), blends)
    case .uint32: integers(buffer.bindMemory(to: UInt32.self), blends)
    case .int32: integers(buffer.bindMemory(to: Int32.self), blends)
    case .float32:
      blend(buffer.bindMemory(to: Float.self), blends, { Double($0) }, { Float($0) })
    case .float64:
      blend(buffer.bindMemory(to: Double.self), blends, { $0 }, { $0 })
    default: preconditionFailure("pixel data have no such type")
    }
  }

  private func integers<Sample: FixedWidthInteger>(
    _ samples: UnsafeMutableBufferPointer<Sample>, _ blends: [SliceBlend]
  ) {
    blend(samples, blends, { Double($0) }, { Sample($0.rounded()) })
  }

  @inline(__always)
  private func blend<Sample>(
    _ samples: UnsafeMutableBufferPointer<Sample>, _ blends: [SliceBlend],
    _ real: (Sample) -> Double, _ stored: (Double) -> Sample
  ) {
    let slice = grid.size.x * grid.size.y
    let inputs = (blends.map(\.high).max() ?? 0) + 1
    let input = Array(samples[..<(inputs * slice)])
    for (z, blend) in blends.enumerated() {
      for pixel in 0..<slice {
        let low = real(input[blend.low * slice + pixel]) * blend.lowGain
        let high = real(input[blend.high * slice + pixel]) * blend.highGain
        samples[z * slice + pixel] = stored(low + (high - low) * blend.weight)
      }
    }
  }
}
