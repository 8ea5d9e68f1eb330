/// Named tensors and strings in one file: the safetensors format, which holds no code.
///
/// Eight bytes length (little endian), a JSON header, the elements. The header gives each tensor's type, shape and
/// byte range, and strings under `__metadata__`. See https://github.com/huggingface/safetensors, "Format".
public struct SafeTensors {
  /// The tensors by name, on the CPU when read.
  public var tensors: [String: Tensor]
  /// Strings that say what the tensors are.
  public var metadata: [String: String]

  /// An archive in memory.
  public init(tensors: [String: Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }
}

/// What the header of an archive says, without the elements; read without LibTorch.
public struct SafeTensorsHeader: Sendable, Equatable {
  /// One tensor: its type, its shape, its bytes counted from the end of the header.
  public struct Entry: Sendable, Equatable {
    /// Element type.
    public var dtype: DType
    /// Sizes of the axes.
    public var shape: [Int]
    /// Bytes from the end of the header.
    public var bytes: Range<Int>
  }

  /// The tensors by name.
  public var entries: [String: Entry]
  /// The strings under `__metadata__`.
  public var metadata: [String: String]

  /// The longest header that is read, as in the reference implementation.
  public static let longest = 100_000_000
}

extension DType {
  /// The name of the type in a safetensors header.
  package var archiveName: String {
    switch self {
    case .float32: "F32"
    case .float64: "F64"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int64: "I64"
    case .int32: "I32"
    case .int16: "I16"
    case .int8: "I8"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  /// The type of a name in a safetensors header; nil for one that tensors cannot hold.
  package init?(archiveName: String) {
    guard let type = DType.allCases.first(where: { $0.archiveName == archiveName }) else {
      return nil
    }
    self = type
  }
}
