import CTorch

/// The element type of a tensor.
public enum DType: String, Sendable, Codable, CaseIterable {
  case float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool

  /// Bytes an element.
  public var size: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether elements have a fraction, which derivatives need.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    case .int64, .int32, .int16, .int8, .uint8, .bool: false
    }
  }

  /// The shim's number for this type.
  package var code: Int32 {
    switch self {
    case .float32: Int32(CTorchFloat32)
    case .float64: Int32(CTorchFloat64)
    case .float16: Int32(CTorchFloat16)
    case .bfloat16: Int32(CTorchBFloat16)
    case .int64: Int32(CTorchInt64)
    case .int32: Int32(CTorchInt32)
    case .int16: Int32(CTorchInt16)
    case .int8: Int32(CTorchInt8)
    case .uint8: Int32(CTorchUInt8)
    case .bool: Int32(CTorchBool)
    }
  }

  /// The type of the shim's number; nil for a type that we do not name (complex, quantised).
  package init?(code: Int32) {
    guard let type = DType.allCases.first(where: { $0.code == code }) else { return nil }
    self = type
  }
}

/// A Swift number that tensors are made from and read as.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The tensor type with the same bytes.
  static var dtype: DType { get }
}

extension Float: TensorElement {
  /// `.float32`.
  public static var dtype: DType { .float32 }
}
extension Double: TensorElement {
  /// `.float64`.
  public static var dtype: DType { .float64 }
}
extension Int64: TensorElement {
  /// `.int64`.
  public static var dtype: DType { .int64 }
}
extension Int32: TensorElement {
  /// `.int32`.
  public static var dtype: DType { .int32 }
}
extension Int16: TensorElement {
  /// `.int16`.
  public static var dtype: DType { .int16 }
}
extension Int8: TensorElement {
  /// `.int8`.
  public static var dtype: DType { .int8 }
}
extension UInt8: TensorElement {
  /// `.uint8`.
  public static var dtype: DType { .uint8 }
}
extension Bool: TensorElement {
  /// `.bool`.
  public static var dtype: DType { .bool }
}
