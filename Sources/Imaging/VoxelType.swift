/// How a stored voxel is written; the raw values are Zarr's names for the types.
public enum VoxelType: String, Sendable, Codable, CaseIterable {
  case int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32, float64

  /// Bytes of one voxel.
  public var size: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }
}

/// What stands before `z, y, x` in the voxels of a volume.
public enum LeadingAxis: Sendable, Codable, Equatable {
  /// A plain volume.
  case none
  /// So many points in time, in their order.
  case time(Int)
  /// So many channels of one examination, on one grid.
  case channel(Int)

  /// How many volumes lie behind one another: 1 for a plain one.
  public var count: Int {
    switch self {
    case .none: 1
    case .time(let count), .channel(let count): count
    }
  }
}

/// From a stored voxel to the quantity it stands for: `slope × stored + intercept`
/// (DICOM PS3.3 C.11.1.1.2; NIfTI-1 `scl_slope`).
public enum Scaling: Sendable, Codable, Equatable {
  /// The stored value is the quantity.
  case identity
  /// One pair for the whole volume.
  case uniform(slope: Double, intercept: Double)
  /// A pair for each slice, at `lead × depth + z` (Philips MR, PET).
  case perSlice(slope: [Double], intercept: [Double])

  /// The pair that holds for one slice.
  public func pair(slice: Int) -> (slope: Double, intercept: Double) {
    switch self {
    case .identity: (1, 0)
    case .uniform(let slope, let intercept): (slope, intercept)
    case .perSlice(let slope, let intercept): (slope[slice], intercept[slice])
    }
  }

  /// The simplest scaling that says the same: equal pairs become one, (1, 0) becomes none.
  public var simplified: Scaling {
    switch self {
    case .identity: return .identity
    case .uniform(let slope, let intercept):
      return slope == 1 && intercept == 0 ? .identity : self
    case .perSlice(let slopes, let intercepts):
      guard let slope = slopes.first, let intercept = intercepts.first,
        slopes.allSatisfy({ $0 == slope }), intercepts.allSatisfy({ $0 == intercept })
      else { return self }
      return Scaling.uniform(slope: slope, intercept: intercept).simplified
    }
  }
}
