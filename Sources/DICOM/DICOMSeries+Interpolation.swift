import Imaging

extension DICOMSeries {
  /// Makes even slices of those that all files have been decoded to; nothing where they are even.
  public func interpolate(_ buffer: UnsafeMutableRawBufferPointer) {
    precondition(buffer.count == byteCount, "the buffer does not fit the series")
    guard let blends else { return }
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
    for lead in 0..<leading.count {
      let start = lead * blends.count * slice
      let input = Array(samples[start..<start + inputs * slice])
      for (z, blend) in blends.enumerated() {
        for pixel in 0..<slice {
          let (low, high) = (input[blend.low * slice + pixel], input[blend.high * slice + pixel])
          samples[start + z * slice + pixel] = between(low, high, blend.weight)
        }
      }
    }
  }
}
