import Models
import NN
import Torch

/// What every method trains: an encoder, and the whitening around it that the recipe asks for.
///
/// The encoder's tensors have the names of other tools; those of the parts around it begin with one of ``heads``.
public struct Backbone {
  /// All tensors by name, a method's heads included.
  public let store: ParameterStore
  /// What is wanted in the end.
  public let encoder: any Encoder
  /// Which encoder that is.
  public let architecture: EncoderArchitecture
  package let tailWhitening: Whitening?
  package let pooledWhitening: Whitening?
  /// The recipe that it was made by, with every automatic setting in numbers.
  let recipe: PretrainRecipe

  /// The names that do not belong to the encoder begin with these; a new method's heads go under `head`.
  static let heads = ["whitening", "projector", "regions", "head"]

  /// The encoder of a resolved recipe, with weights that follow from its seed.
  public init(_ recipe: PretrainRecipe, channels: Int, device: Device = .cpu) throws {
    self.recipe = recipe
    architecture = try recipe.encoder(channels: channels)
    store = try ParameterStore(
      seed: recipe.seed, device: device,
      format: recipe.channelsLast ? .channelsLast : .contiguous)
    encoder = architecture.build(store.root)
    let (place, width) = (store.root / "whitening", encoder.channels[encoder.channels.count - 1])
    tailWhitening = try recipe.tailWhitening(stride: architecture.depth).map {
      Whitening(place, width, $0)
    }
    let second = tailWhitening == nil ? place : place / "pooled"
    pooledWhitening = try recipe.pooledWhitening().map { Whitening(second, width, $0) }
  }

  /// Channels of the pooled vector.
  var width: Int { encoder.channels[encoder.channels.count - 1] }

  /// Whether features pass a whitening that is not part of the encoder.
  public var isWhitened: Bool { tailWhitening != nil || pooledWhitening != nil }

  /// The features of B images. Convolutions run in the recipe's precision; whitening and what follows in float32.
  public func callAsFunction(_ images: Tensor, _ mode: Mode) -> Features {
    let maps = mixed { encoder(images, mode) }
    let last = maps[maps.count - 1].to(.float32)  // B×C×h×w
    let seen = tailWhitening.map { $0(last, mode) } ?? last
    let raw = seen.globallyPooled()  // B×C
    let pooled = pooledWhitening.map { $0(raw, mode) } ?? raw
    return Features(
      maps: maps, lastMap: last, whitenedMap: seen, pooled: pooled,
      decorrelated: penalised(map: last, pooled: pooled))
  }

  /// The samples N×D that the covariance penalty looks at, each kind with a penalty of its own.
  private func penalised(map: Tensor, pooled: Tensor) -> [Tensor] {
    guard recipe.decorrelation.kind == .covariance else { return [] }
    let place = recipe.decorrelation.place
    let pixels = map.permuted([0, 2, 3, 1]).reshaped([-1, map.shape[1]])  // (B·h·w)×C
    return (place.isAtTail ? [pixels] : []) + (place.isAtPooled ? [pooled] : [])
  }

  func mixed<Result>(_ body: () -> Result) -> Result {
    recipe.precision == .bf16 ? withAutocast(.bfloat16, on: store.device, body) : body()
  }
}

/// What a backbone makes of B images.
public struct Features {
  /// The encoder's maps, shallow to deep, in the precision of the convolutions.
  public let maps: [Tensor]
  /// The last of them, B×C×h×w float32.
  public let lastMap: Tensor
  /// The same after whitening, where the recipe has it there.
  public let whitenedMap: Tensor
  /// Its mean over the map, whitened where the recipe has it there, B×C.
  public let pooled: Tensor
  /// What the covariance penalty sees, N×C each.
  public let decorrelated: [Tensor]

  /// The images in another order; for keys, which have no penalty.
  func selecting(_ order: Tensor) -> Features {
    func pick(_ tensor: Tensor) -> Tensor { tensor.selecting(axis: 0, order) }
    return Features(
      maps: maps.map(pick), lastMap: pick(lastMap), whitenedMap: pick(whitenedMap),
      pooled: pick(pooled), decorrelated: [])
  }
}
