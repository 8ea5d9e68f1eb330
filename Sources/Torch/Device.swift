import CTorch

/// Where a tensor's memory is and its arithmetic is done.
public enum Device: Sendable, Equatable, Hashable {
  case cpu
  /// A CUDA device by its index.
  case cuda(Int)

  /// CUDA devices that LibTorch can use; 0 where its build has no CUDA. Traps where LibTorch cannot be loaded.
  public static var cudaCount: Int { Int(ctorch_cuda_count()) }

  /// The first CUDA device where there is one, else the CPU.
  public static var best: Device { cudaCount > 0 ? .cuda(0) : .cpu }

  /// Reads `cpu`, `cuda` or `cuda:1`; nil for anything else.
  public init?(_ name: String) {
    switch name {
    case "cpu": self = .cpu
    case "cuda": self = .cuda(0)
    default:
      // No more than the shim's numbers go.
      guard name.hasPrefix("cuda:"), let index = Int32(name.dropFirst(5)), index >= 0 else {
        return nil
      }
      self = .cuda(Int(index))
    }
  }

  /// Waits until everything asked of this device is done; for measuring time. Throws what LibTorch says.
  public func synchronize() throws(TorchError) {
    try throwing { ctorch_synchronize(code, $0) }
  }

  /// The shim's number for this device.
  package var code: Int32 {
    switch self {
    case .cpu: Int32(CTorchCPU)
    case .cuda(let index): Int32(index)
    }
  }

  /// The device of the shim's number.
  package init(code: Int32) { self = code < 0 ? .cpu : .cuda(Int(code)) }
}

extension Device: CustomStringConvertible {
  /// `cpu` or `cuda:0`, as `init(_:)` reads it.
  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }
}
