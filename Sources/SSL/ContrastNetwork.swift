import Models
import NN
import Torch

/// What momentum contrast holds twice, as query and as key: a backbone with the heads whose outputs are compared.
public struct ContrastNetwork {
  /// The encoder and the whitening around it.
  public let backbone: Backbone
  /// Which of its maps the regions are read from, from 0.
  public let levels: [Int]
  package let projector: ProjectionHead
  /// Centres what is compared: all slices would share a constant that tells a key's age.
  private let projectionNorm: BatchNorm2d
  private let regionHeads: [LocalProjectionHead]
  private let decoder: UNetDecoder?
  private let path: LocalRecipe.Path

  /// All tensors by name.
  public var store: ParameterStore { backbone.store }

  /// The network of a resolved recipe, with weights that follow from its seed.
  public init(_ recipe: PretrainRecipe, channels: Int, device: Device = .cpu) throws {
    backbone = try Backbone(recipe, channels: channels, device: device)
    let (encoder, root) = (backbone.encoder, backbone.store.root)
    path = recipe.local.path
    decoder = try recipe.regionDecoder(root / "decoder", of: backbone.architecture)
    levels = try recipe.regionLevels(
      strides: decoder == nil ? encoder.strides : encoder.strides.dropLast())
    projector = ProjectionHead(root / "projector", backbone.width, output: recipe.dimensions)
    projectionNorm = BatchNorm2d(
      root / "projector" / "norm", recipe.dimensions, affine: false,
      groups: recipe.keyNormGroups)
    regionHeads = recipe.regionHeads(root / "regions", levels, of: encoder)
  }

  /// Embeds B images, and the regions at B×(R·s)×s×2 points where they are given.
  public func callAsFunction(_ images: Tensor, at points: Tensor?, _ mode: Mode) -> Embeddings {
    let features = backbone(images, mode)
    return Embeddings(
      features: features,
      projected: projectionNorm(projector(features.pooled), mode).normalized(axis: 1),  // B×D
      regions: points.map { regions(of: seen(features.maps, mode), at: $0) } ?? [])
  }

  /// Embeds the keys of a batch, normalised in another order where one is given.
  package func keys(_ views: Views, order: Tensor?) -> Embeddings {
    guard let order else { return self(views.keys, at: views.keyPoints, .training) }
    let points = views.keyPoints?.selecting(axis: 0, order)
    let shuffled = self(views.keys.selecting(axis: 0, order), at: points, .training)
    return shuffled.selecting(inverse(of: order))
  }

  /// The maps that regions are read from, one for each head.
  private func seen(_ maps: [Tensor], _ mode: Mode) -> [Tensor] {
    let own = levels.map { maps[$0] }
    guard let decoder, let shallowest = levels.min() else { return own }
    let found = backbone.mixed { decoder.maps(maps, skipping: shallowest, mode) }
    return (path == .both ? own : []) + levels.map { found[$0 - shallowest] }
  }

  /// The regions at every level, seen by that level's head.
  private func regions(of maps: [Tensor], at points: Tensor) -> [Embeddings.Regions] {
    zip(maps, regionHeads).map { map, head in
      let means = regionMeans(of: map.to(.float32), at: points)  // B×C×R×1
      return Embeddings.Regions(
        features: means.squeezed(3).transposed.normalized(axis: 2),
        projected: head(means).squeezed(3).transposed.normalized(axis: 2))
    }
  }
}

/// What a network makes of B images.
public struct Embeddings {
  /// The backbone's.
  public let features: Features
  /// Of length 1, B×D.
  public let projected: Tensor
  /// The regions at each level.
  public let regions: [Regions]

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
      features: features.selecting(order), projected: pick(projected),
      regions: regions.map {
        Regions(features: pick($0.features), projected: pick($0.projected))
      })
  }
}
