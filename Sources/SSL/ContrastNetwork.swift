import Models
import NN
import Torch

/// What MoCo holds twice, as query and as key: an encoder with its heads, in a store of its own.
///
/// The encoder's tensors have the names of other tools; those of the parts around it begin with
/// `whitening`, `projector` and `regions`.
public struct ContrastNetwork {
  /// All tensors by name.
  public let store: ParameterStore
  /// What is wanted in the end.
  public let encoder: any Encoder
  /// Which encoder that is.
  public let architecture: EncoderArchitecture
  /// Which of its maps the regions are read from, from 0.
  public let levels: [Int]
  package let tailWhitening: Whitening?
  package let pooledWhitening: Whitening?
  package let projector: ProjectionHead
  /// Centres what is compared: all slices would share a constant that tells a key's age.
  private let projectionNorm: BatchNorm2d
  private let regionHeads: [LocalProjectionHead]
  private let recipe: PretrainRecipe

  /// Whether features pass a whitening that is not part of the encoder.
  public var isWhitened: Bool { tailWhitening != nil || pooledWhitening != nil }

  /// The names that do not belong to the encoder begin with these.
  static let heads = ["whitening", "projector", "regions"]

  /// The network of a resolved recipe, with weights that follow from its seed.
  public init(_ recipe: PretrainRecipe, channels: Int, device: Device = .cpu) throws {
    self.recipe = recipe
    architecture = try recipe.encoder(channels: channels)
    store = try ParameterStore(
      seed: recipe.seed, device: device,
      format: recipe.channelsLast ? .channelsLast : .contiguous)
    encoder = architecture.build(store.root)
    levels = try recipe.regionLevels(strides: encoder.strides)
    let width = encoder.channels[encoder.channels.count - 1]
    let place = store.root / "whitening"
    tailWhitening = try recipe.tailWhitening(stride: architecture.depth).map {
      Whitening(place, width, $0)
    }
    let second = tailWhitening == nil ? place : place / "pooled"
    pooledWhitening = try recipe.pooledWhitening().map { Whitening(second, width, $0) }
    projector = ProjectionHead(store.root / "projector", width, output: recipe.dimensions)
    projectionNorm = BatchNorm2d(
      store.root / "projector" / "norm", recipe.dimensions, affine: false,
      groups: recipe.keyNormGroups)
    regionHeads = recipe.regionHeads(store.root / "regions", levels, of: encoder)
  }

  /// Embeds B images, and the regions at B×(R·s)×s×2 points where they are given.
  ///
  /// Convolutions run in the recipe's precision; whitening, heads and what follows in float32.
  ///
  /// - Throws: ``PretrainError/diverged`` when the last map is not finite, which has no covariance.
  public func callAsFunction(
    _ images: Tensor, at points: Tensor?, _ mode: Mode
  ) throws -> Embeddings {
    let maps = mixed { encoder(images, mode) }
    let last = maps[maps.count - 1].to(.float32)  // B×C×h×w
    guard try last.detached().isFinite().all().item() == 1 else { throw PretrainError.diverged }
    let seen = tailWhitening.map { $0(last, mode) } ?? last
    let raw = seen.globallyPooled()  // B×C
    let pooled = pooledWhitening.map { $0(raw, mode) } ?? raw
    return Embeddings(
      lastMap: last, whitenedMap: seen, pooled: pooled,
      projected: projectionNorm(projector(pooled), mode).normalized(axis: 1),  // B×D
      regions: points.map { regions(of: maps, at: $0) } ?? [],
      decorrelated: penalised(map: last, pooled: pooled))
  }

  /// Embeds the keys of a batch, normalised in another order where one is given.
  package func keys(_ views: Views, order: Tensor?) throws -> Embeddings {
    guard let order else { return try self(views.keys, at: views.keyPoints, .training) }
    let points = views.keyPoints?.selecting(axis: 0, order)
    let shuffled = try self(views.keys.selecting(axis: 0, order), at: points, .training)
    return shuffled.selecting(inverse(of: order))
  }

  /// The regions at every level, seen by that level's head.
  private func regions(of maps: [Tensor], at points: Tensor) -> [Embeddings.Regions] {
    zip(levels, regionHeads).map { level, head in
      let map = maps[level].to(.float32)
      let (batch, width, side) = (map.shape[0], map.shape[1], points.shape[2])
      let read = map.sampled(at: points, outside: .border)  // B×C×(R·s)×s
      let grids = read.reshaped([batch, width, -1, side * side])  // B×C×R×s²
      let means = grids.mean(axis: 3, keep: true)  // B×C×R×1
      return Embeddings.Regions(
        features: means.squeezed(3).transposed.normalized(axis: 2),
        projected: head(means).squeezed(3).transposed.normalized(axis: 2))
    }
  }

  /// The samples N×D that the covariance penalty looks at, each kind with a penalty of its own.
  private func penalised(map: Tensor, pooled: Tensor) -> [Tensor] {
    guard recipe.decorrelation.kind == .covariance else { return [] }
    let place = recipe.decorrelation.place
    let pixels = map.permuted([0, 2, 3, 1]).reshaped([-1, map.shape[1]])  // (B·h·w)×C
    return (place.isAtTail ? [pixels] : []) + (place.isAtPooled ? [pooled] : [])
  }

  private func mixed<Result>(_ body: () -> Result) -> Result {
    recipe.precision == .bf16 ? withAutocast(.bfloat16, on: store.device, body) : body()
  }
}

/// What a network makes of B images.
public struct Embeddings {
  /// The encoder's last map, B×C×h×w.
  public let lastMap: Tensor
  /// The same after whitening, where the recipe has it there.
  public let whitenedMap: Tensor
  /// What the projector sees, B×C.
  public let pooled: Tensor
  /// Of length 1, B×D.
  public let projected: Tensor
  /// The regions at each level.
  public let regions: [Regions]
  /// What the covariance penalty sees, N×C each.
  public let decorrelated: [Tensor]

  /// R regions of B images at one level.
  public struct Regions {
    /// The means of the map, of length 1, B×R×C: what is matched by likeness.
    public let features: Tensor
    /// What the head makes of them, of length 1, B×R×D: what is contrasted.
    public let projected: Tensor
  }

  /// The images in another order; for keys, which need nothing else.
  func selecting(_ order: Tensor) -> Embeddings {
    func pick(_ tensor: Tensor) -> Tensor { tensor.selecting(axis: 0, order) }
    return Embeddings(
      lastMap: pick(lastMap), whitenedMap: pick(whitenedMap), pooled: pick(pooled),
      projected: pick(projected),
      regions: regions.map {
        Regions(features: pick($0.features), projected: pick($0.projected))
      }, decorrelated: [])
  }
}
