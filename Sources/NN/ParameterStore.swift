import Torch

/// The parameters and buffers of a model, in the order in which its layers made them.
///
/// A layer makes its parameters under a `Scope`; the path of the scope is the name, and the name is the key in the
/// checkpoint. A second store in which the same model is built is its momentum copy.
///
///     let store = try ParameterStore(seed: 7)
///     let conv = Conv2d(store.root / "conv1", 1, 8)  // conv1.weight, conv1.bias
public final class ParameterStore {
  /// Where the tensors are.
  public let device: Device
  /// Type of the parameters.
  public let dtype: DType
  /// Memory format of those with four axes, the weights of convolutions.
  public let format: MemoryFormat
  /// What initial values are drawn from, with the name: not with the order in which layers are made.
  public let seed: UInt64
  /// All tensors in the order of their making.
  public private(set) var entries: [Entry] = []
  private var places: [String: Int] = [:]

  /// One tensor with its name.
  public struct Entry {
    /// The path of its scope and its own name, joined by points.
    public let name: String
    /// Whether it is learned, or kept by its layer (a running mean).
    public let kind: Kind
    /// The tensor, shared with the layer.
    public let tensor: Tensor
  }

  /// What a tensor of the store is.
  public enum Kind: String, Sendable { case parameter, buffer }

  /// An empty store. Throws when the device cannot hold tensors.
  public init(
    seed: UInt64 = 0, device: Device = .cpu, format: MemoryFormat = .contiguous,
    dtype: DType = .float32
  ) throws(TorchError) {
    (self.seed, self.device, self.format, self.dtype) = (seed, device, format, dtype)
    _ = try Tensor([0] as [Float], [1], device: device)
  }

  /// The scope without a name, under which models are built.
  public var root: Scope { Scope(store: self, path: "") }

  /// What is learned, frozen or not.
  public var parameters: [Parameter] {
    entries.filter { $0.kind == .parameter }.map { Parameter(name: $0.name, tensor: $0.tensor) }
  }

  /// What is learned and not frozen: what an optimiser takes.
  public var trainable: [Parameter] { parameters.filter(\.tensor.requiresGradient) }

  /// What layers keep besides.
  public var buffers: [Parameter] {
    entries.filter { $0.kind == .buffer }.map { Parameter(name: $0.name, tensor: $0.tensor) }
  }

  /// The tensor of a name.
  public subscript(name: String) -> Tensor? { places[name].map { entries[$0].tensor } }

  /// Number of numbers that are learned.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }

  func add(_ name: String, _ kind: Kind, _ tensor: Tensor) {
    require(places[name] == nil, "two layers claim the name \(name)")
    places[name] = entries.count
    entries.append(Entry(name: name, kind: kind, tensor: tensor))
  }
}

/// A learned tensor and its name.
public struct Parameter {
  /// Its key in the checkpoint.
  public let name: String
  /// The tensor, shared with its layer.
  public let tensor: Tensor

  /// A parameter that belongs to no store, for an optimiser.
  public init(name: String, tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }
}

extension ParameterStore {
  /// Stops or resumes learning of the parameters under a path; the empty path is all of them.
  public func setTrainable(_ on: Bool, under path: String = "") {
    for parameter in parameters where isUnder(path, parameter.name) {
      parameter.tensor.requiringGradient(on)
    }
  }

  /// Stops learning of everything: the momentum copy, the frozen encoder.
  public func freeze(under path: String = "") { setTrainable(false, under: path) }

  /// Takes over every tensor, buffers too, of a store with the same names.
  public func copy(from other: ParameterStore) {
    withoutGradients {
      for (mine, theirs) in pairs(with: other) { mine.tensor.copy(from: theirs.tensor) }
    }
  }

  /// Parameters ← parameters + weight · (the other store's − parameters); buffers stay.
  ///
  /// A momentum encoder with coefficient m moves with weight 1 − m (He et al., MoCo, eq. 2).
  public func lerp(to other: ParameterStore, weight: Double) {
    withoutGradients {
      let learned = pairs(with: other).filter { $0.0.kind == .parameter }
      learned.map(\.0.tensor).lerp(to: learned.map(\.1.tensor), weight: weight)
    }
  }

  /// The same of the buffers, running statistics; those that are counts are taken over.
  public func lerpBuffers(to other: ParameterStore, weight: Double) {
    withoutGradients {
      let kept = pairs(with: other).filter { $0.0.kind == .buffer }
      let statistics = kept.filter { $0.0.tensor.dtype != .int64 }
      statistics.map(\.0.tensor).lerp(to: statistics.map(\.1.tensor), weight: weight)
      for (mine, theirs) in kept where mine.tensor.dtype == .int64 {
        mine.tensor.copy(from: theirs.tensor)
      }
    }
  }

  private func pairs(with other: ParameterStore) -> Zip2Sequence<[Entry], [Entry]> {
    require(
      entries.map(\.name) == other.entries.map(\.name), "the stores hold different models")
    return zip(entries, other.entries)
  }
}

/// Whether a name is the path itself or lies under it.
func isUnder(_ path: String, _ name: String) -> Bool {
  path.isEmpty || name == path || name.hasPrefix(path + ".")
}
