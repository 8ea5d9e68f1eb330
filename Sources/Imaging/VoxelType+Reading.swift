extension VoxelType {
  /// Writes `slope × stored + intercept` of the voxels in `range` to the same places of `target`.
  ///
  /// One loop a type, so that none pays for a switch at each voxel.
  func read(
    _ source: UnsafeRawBufferPointer, _ range: Range<Int>, slope: Double, intercept: Double,
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    func scaled<Stored>(_: Stored.Type, _ double: (Stored) -> Double) {
      for i in range {
        let stored = source.loadUnaligned(
          fromByteOffset: i &* MemoryLayout<Stored>.size, as: Stored.self)
        target.initializeElement(at: i, to: Float(double(stored) * slope + intercept))
      }
    }
    switch self {
    case .int8: scaled(Int8.self) { Double($0) }
    case .uint8: scaled(UInt8.self) { Double($0) }
    case .int16: scaled(Int16.self) { Double($0) }
    case .uint16: scaled(UInt16.self) { Double($0) }
    case .int32: scaled(Int32.self) { Double($0) }
    case .uint32: scaled(UInt32.self) { Double($0) }
    case .int64: scaled(Int64.self) { Double($0) }
    case .uint64: scaled(UInt64.self) { Double($0) }
    case .float32: scaled(Float.self) { Double($0) }
    case .float64: scaled(Double.self) { $0 }
    }
  }
}
