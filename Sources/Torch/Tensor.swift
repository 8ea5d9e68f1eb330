import CTorch

/// An n-dimensional array of LibTorch, on the CPU or a CUDA device, with derivatives.
///
/// A tensor is a reference: copies of the value share one array, and the functions that change it in place
/// (`add`, `copy(from:)`, `lerp`) change it for all of them. Arithmetic and layers do not throw: a wrong shape is a
/// wrong program and traps with LibTorch's own sentence and the caller's file and line. Devices, host memory and
/// archives throw. Not `Sendable`: batches cross threads as host memory, tensors stay on the thread that made them.
///
///     let x = try Tensor([1, 2, 3, 4] as [Float], [2, 2])  // 2×2
///     let y = x.matmul(x).relu().sum()                     // scalar
public struct Tensor {
  private let storage: Storage

  var handle: OpaquePointer { storage.handle }

  /// Takes over one reference of the shim.
  init(handle: OpaquePointer) { storage = Storage(handle) }

  private final class Storage {
    let handle: OpaquePointer
    init(_ handle: OpaquePointer) { self.handle = handle }
    deinit { ctorch_release(handle) }
  }
}

@available(*, unavailable)
extension Tensor: Sendable {}

// MARK: What it is

extension Tensor {
  /// Sizes of the axes; empty for a scalar.
  public var shape: [Int] {
    let count = rank
    let sizes = [Int64](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let start = buffer.baseAddress { ctorch_sizes(handle, start) }
      initialized = count
    }
    return sizes.map(Int.init)
  }

  /// Elements between neighbours along each axis.
  public var strides: [Int] {
    let count = rank
    let strides = [Int64](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let start = buffer.baseAddress { ctorch_strides(handle, start) }
      initialized = count
    }
    return strides.map(Int.init)
  }

  /// Number of axes.
  public var rank: Int { Int(ctorch_rank(handle)) }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// Element type.
  public var dtype: DType {
    guard let type = DType(code: ctorch_dtype(handle)) else {
      fatalError("a tensor of an element type that is not used here")
    }
    return type
  }

  /// Where the elements are.
  public var device: Device { Device(code: ctorch_device(handle)) }

  /// Whether the elements lie in the order of the format.
  public func isContiguous(_ format: MemoryFormat = .contiguous) -> Bool {
    ctorch_is_contiguous(handle, format.code) != 0
  }
}

/// The order in which the elements of an image batch N×C×H×W lie in memory.
public enum MemoryFormat: String, Sendable, Codable, CaseIterable {
  /// N, C, H, W: the last axis fastest.
  case contiguous
  /// N, H, W, C: what convolutions are fastest on. Only for tensors of four axes.
  case channelsLast

  /// The shim's number for this format.
  package var code: Int32 {
    switch self {
    case .contiguous: Int32(CTorchContiguous)
    case .channelsLast: Int32(CTorchChannelsLast)
    }
  }
}

extension Tensor: CustomStringConvertible {
  /// Type, shape and device: `float32 [2, 3] cpu`.
  public var description: String { "\(dtype) \(shape) \(device)" }
}

// MARK: Making tensors

extension Tensor {
  /// A tensor filled with one number.
  public static func full(
    _ shape: [Int], _ value: Double, _ dtype: DType = .float32, device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_full(shape.wide, Int64(shape.count), value, dtype.code, device.code, $0)
    }
  }

  /// A tensor of zeros.
  public static func zeros(
    _ shape: [Int], _ dtype: DType = .float32, device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    full(shape, 0, dtype, device: device, file: file, line: line)
  }

  /// A tensor of ones.
  public static func ones(
    _ shape: [Int], _ dtype: DType = .float32, device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    full(shape, 1, dtype, device: device, file: file, line: line)
  }

  /// One number in the shape, type, device and memory format of another tensor.
  public static func full(
    like other: Tensor, _ value: Double, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_full_like(other.handle, value, $0) }
  }

  /// The identity matrix, n×n.
  public static func identity(
    _ n: Int, _ dtype: DType = .float32, device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let matrix = zeros([n, n], dtype, device: device, file: file, line: line)
    matrix.diagonal().fill(1)
    return matrix
  }

  /// The whole numbers of a range, int64.
  public static func range(
    _ range: Range<Int>, device: Device = .cpu, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_arange(Int64(range.lowerBound), Int64(range.upperBound), device.code, $0)
    }
  }

  /// Standard normal numbers, float32 on the CPU, from a generator of their own: one seed, one tensor.
  public static func randomNormal(
    _ shape: [Int], seed: UInt64, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_random(Int32(CTorchNormal), shape.wide, Int64(shape.count), seed, $0)
    }
  }

  /// Numbers uniform in 0..<1, float32 on the CPU, from a generator of their own: one seed, one tensor.
  public static func randomUniform(
    _ shape: [Int], seed: UInt64, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_random(Int32(CTorchUniform), shape.wide, Int64(shape.count), seed, $0)
    }
  }

  /// The numbers 0..<count in random order, int64 on the CPU, from a generator of their own.
  public static func randomPermutation(
    _ count: Int, seed: UInt64, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_random_permutation(Int64(count), seed, $0) }
  }
}
