import Torch

/// A path in a store under which a layer makes its tensors: `scope / "layer1" / 0` names them `layer1.0.…`.
public struct Scope {
  /// Where the tensors go.
  public let store: ParameterStore
  /// Names joined by points; empty at the root.
  public let path: String

  /// The scope of this name inside a scope.
  public static func / (scope: Scope, name: String) -> Scope {
    require(!name.isEmpty, "a scope needs a name")
    return Scope(store: scope.store, path: scope.path.isEmpty ? name : "\(scope.path).\(name)")
  }

  /// The scope of this number inside a scope.
  public static func / (scope: Scope, index: Int) -> Scope { scope / String(index) }

  /// Makes a learned tensor. Traps when the name is taken.
  public func parameter(_ name: String, _ shape: [Int], _ initial: Initialization) -> Tensor {
    let full = (self / name).path
    let values = initial.values(shape, seed: seed(store.seed, name: full))
    let format = shape.count == 4 ? store.format : .contiguous
    let tensor = Tensor.zeros(shape, store.dtype, device: store.device).contiguous(format)
    tensor.copy(from: values)
    store.add(full, .parameter, tensor.requiringGradient())
    return tensor
  }

  /// Makes a tensor that is kept, not learned: in the store's type unless another is named. Traps when the name is taken.
  public func buffer(
    _ name: String, _ shape: [Int], _ value: Double, dtype: DType? = nil
  ) -> Tensor {
    let tensor = Tensor.full(shape, value, dtype ?? store.dtype, device: store.device)
    store.add((self / name).path, .buffer, tensor)
    return tensor
  }
}

/// How a parameter begins.
public enum Initialization: Sendable, Equatable {
  case constant(Double)
  /// Uniform in −bound...bound.
  case uniform(bound: Double)
  /// Normal around 0.
  case normal(deviation: Double)

  /// PyTorch's default for weights and biases of convolutions and linear layers: uniform within 1/√fan-in.
  public static func standard(fanIn: Int) -> Initialization {
    .uniform(bound: fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0)
  }

  /// He et al. (2015), eq. 15: keeps the variance through layers followed by a (leaky) ReLU. `fan` is the fan-in,
  /// or the fan-out to keep the variance of gradients.
  public static func he(fan: Int, slope: Double = 0) -> Initialization {
    .normal(deviation: (2 / (1 + slope * slope) / Double(fan)).squareRoot())
  }

  /// Values on the CPU, float32: the same for the same seed.
  func values(_ shape: [Int], seed: UInt64) -> Tensor {
    switch self {
    case .constant(let value): .full(shape, value)
    case .uniform(let bound): (.randomUniform(shape, seed: seed) * 2 - 1) * bound
    case .normal(let deviation): .randomNormal(shape, seed: seed) * deviation
    }
  }
}

/// A seed of its own for each name: FNV-1a over the name, mixed with the store's seed by SplitMix64's finaliser.
private func seed(_ seed: UInt64, name: String) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
  var z = hash &+ seed &* 0x9e37_79b9_7f4a_7c15
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}
