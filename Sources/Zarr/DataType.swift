/// The fixed-size numbers of Zarr v3's core data types that are read and written here.
public enum DataType: String, Sendable, CaseIterable {
  case int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32, float64

  /// Bytes of one number.
  public var size: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// Little-endian bytes of a fill value as the metadata write it, or nil when it is no such number.
  func bytes(of fill: JSON) -> [UInt8]? {
    func whole<T: FixedWidthInteger>(_: T.Type) -> [UInt8]? {
      guard case .int(let value) = fill, let exact = T(exactly: value) else { return nil }
      return withUnsafeBytes(of: exact.littleEndian) { [UInt8]($0) }
    }
    switch self {
    case .int8: return whole(Int8.self)
    case .uint8: return whole(UInt8.self)
    case .int16: return whole(Int16.self)
    case .uint16: return whole(UInt16.self)
    case .int32: return whole(Int32.self)
    case .uint32: return whole(UInt32.self)
    case .int64: return whole(Int64.self)
    case .uint64: return whole(UInt64.self)
    case .float32:
      return fill.real.map { Float($0).bitPattern.littleEndian }
        .map { withUnsafeBytes(of: $0) { [UInt8]($0) } }
    case .float64:
      return fill.real.map { $0.bitPattern.littleEndian }
        .map { withUnsafeBytes(of: $0) { [UInt8]($0) } }
    }
  }
}

extension JSON {
  /// A number, or one of the names that Zarr v3 gives to those JSON cannot write.
  fileprivate var real: Double? {
    switch self {
    case .int(let value): Double(value)
    case .number(let value): value
    case .string("NaN"): .nan
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    default: nil
    }
  }
}
