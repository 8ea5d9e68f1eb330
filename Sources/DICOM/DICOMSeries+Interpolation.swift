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
      blend(buffer.bindMemory(to: Float.self), blends) { low, high, weight in
        low + (high - low) * Float(weight)
      }
    case .float64:
      blend(buffer.bindMemory(to: Double.self), blends) { low, high, weight in
        low + (high - low) * weight
      }
    default: preconditionFailure("pixel data have no such type")
    }
  }

  private func integers<Sample: FixedWidthInteger>(
    _ samples: UnsafeMutableBufferPointer<Sample>, _ blends: [SliceBlend]
  ) {
    blend(samples, blends) { low, high, weight in
      Sample((Double(low) + (Double(high) - Double(low)) * weight).rounded())
    }
  }

  @inline(__always)
  private func blend<Sample>(
    _ samples: UnsafeMutableBufferPointer<Sample>, _ blends: [SliceBlend],
    _ between: (Sample, Sample, Double) -> Sample
  ) {
    let slice = grid.size.x * grid.size.y
    let inputs = (blends.map(\.high).max() ?? 0) + 1
    let input = Array(samples[..<(inputs * slice)])
    for (z, blend) in blends.enumerated() {
      for pixel in 0..<slice {
        let (low, high) = (input[blend.low * slice + pixel], input[blend.high * slice + pixel])
        samples[z * slice + pixel] = between(low, high, blend.weight)
      }
    }
  }
}
