import Augment
import Foundation
import Loader
import NN
import SSL
import Testing
import Torch

@Test func localContrastAloneSendsDerivativesIntoTheEncoder() throws {
  let recipe = try resolved { $0.local.level = 2 }
  let batch = try batches(recipe).next()
  let network = try ContrastNetwork(recipe, channels: 1)
  let regions = try #require(batch.regions)
  func unit(_ points: [Float], _ pixels: [Float]) throws -> Tensor {
    let images = try Tensor(pixels, [8, 1, 32, 32])
    let grid = try Tensor(points, [8, regions.count * regions.points, regions.points, 2])
    return try #require(network(images, at: grid, .training).regions.first).projected
  }
  let u = try unit(regions.queryPoints, Array(batch.queries))
  let v = try unit(regions.keyPoints, Array(batch.keys)).detached()
  #expect(u.shape == [8, 6, 16])
  let loss = localInfoNCE(
    u, v, excluded: try Tensor(regions.overlap, [8, 6, 6]) .!= 0,
    valid: .ones([8, 6], .bool), temperature: 0.2)
  loss.backward()
  for stage in 0..<2 {
    let weight = try #require(network.store["encoder.stages.\(stage).0.convs.1.conv.weight"])
    #expect(try weight.gradient!.norm().item() > 1e-4, "stage \(stage)")
  }
  #expect(network.store["encoder.stages.2.0.convs.1.conv.weight"]!.gradient == nil)
}

/// Regions read from the decoder teach it and, through it, the whole encoder; both are in the checkpoint.
@Test(arguments: [LocalRecipe.Path.decoder, .both])
func contrastInTheDecoderSendsDerivativesIntoBothPaths(_ path: LocalRecipe.Path) throws {
  let recipe = try resolved { ($0.local.path, $0.local.level) = (path, [1, 2]) }
  let batch = try batches(recipe).next()
  let network = try ContrastNetwork(recipe, channels: 1)
  let views = try Views(batch, recipe, device: .cpu)
  let regions = network(views.queries, at: views.queryPoints, .training).regions
  let shapes = [[8, 6, 8], [8, 6, 16]]
  #expect(regions.map(\.features.shape) == (path == .both ? shapes + shapes : shapes))
  regions.map { $0.projected.narrowed(axis: 2, 0..<8).sum() }.reduce(.zeros([])) { $0 + $1 }
    .backward()
  let names = [
    "encoder.stages.2.0.convs.1", "decoder.stages.0.convs.0", "decoder.stages.1.convs.1",
  ]
  for name in names {
    let weight = try #require(network.store[name + ".conv.weight"])
    #expect(try weight.gradient!.norm().item() > 1e-4, "\(name)")
  }
  #expect(!network.store.entries.contains { $0.name.contains("seg_layers") })
}

@Test func aDecoderIsPretrainedWithAUNetAlone() {
  #expect(throws: PretrainError.self) {
    try ContrastNetwork(
      resolved { ($0.architecture, $0.local.path) = (.resnet18, .decoder) }, channels: 1)
  }
  #expect(throws: PretrainError.self) {
    try ContrastNetwork(
      resolved { ($0.local.path, $0.local.level) = (.decoder, 3) }, channels: 1)
  }
}

@Test func theOrderInWhichKeysAreNormalisedDoesNotMixThemUp() throws {
  let recipe = try resolved {
    $0.architecture = .resnet18
    $0.decorrelation.place = .none
    $0.keyNormGroups = 1
  }
  let network = try ContrastNetwork(recipe, channels: 1)
  let batch = try batches(recipe).next()
  let views = try Views(batch, recipe, device: .cpu)
  let order = Tensor.randomPermutation(8, seed: 3)
  try withoutGradients {
    let straight = try network.keys(views, order: nil).projected.floats()
    let turned = try network.keys(views, order: order).projected.floats()
    #expect(zip(straight, turned).allSatisfy { abs($0 - $1) < 1e-4 })
    let regions = try network.keys(views, order: nil).regions[0].projected.floats()
    let turnedRegions = try network.keys(views, order: order).regions[0].projected.floats()
    #expect(zip(regions, turnedRegions).allSatisfy { abs($0 - $1) < 1e-4 })
  }
}

/// What whitens outside the encoder is affine once it is frozen: what it gives the projector's first layer, plain
/// pooled features give the folded one (design 7).
@Test(arguments: [DecorrelationRecipe.Place.tail, .pooled, .tailPooled])
func aFrozenWhiteningFoldsIntoTheProjector(_ place: DecorrelationRecipe.Place) throws {
  let recipe = try resolved { $0.decorrelation.place = place }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  for _ in 0..<3 { _ = try moco.step(stream.next()) }
  let (network, batch) = (moco.query, try stream.next())
  let whitenings = [network.backbone.pooledWhitening, network.backbone.tailWhitening].compactMap {
    $0
  }
  #expect(whitenings.count == (place == .tailPooled ? 2 : 1))
  let first = network.projector.first
  var folded: (weight: Tensor, bias: Tensor?) = (first.weight, first.bias)
  for whitening in whitenings {
    folded = whitening.foldedForward(into: folded.weight, bias: folded.bias)
  }
  try withoutGradients {
    let images = try Tensor(Array(batch.queries), [8, 1, 32, 32])
    let found = network(images, at: nil, .evaluation)
    let plain = found.features.lastMap.globallyPooled().linear(folded.weight, bias: folded.bias)
    let error = try (plain - first(found.features.pooled)).absolute().largest().item()
    let size = try plain.absolute().largest().item()
    #expect(error < 1e-5 * max(1, size) && size > 0.01)
  }
}

@Test func whitenedPixelsOfABatchAreUncorrelatedWithVarianceOne() throws {
  let recipe = try resolved { $0.decorrelation.shrinkage = 0 }
  let network = try ContrastNetwork(recipe, channels: 1)
  let batch = try batches(recipe).next()
  let map = try withoutGradients {
    try network(Tensor(Array(batch.queries), [8, 1, 32, 32]), at: nil, .training).features
      .whitenedMap
  }
  let rows = map.permuted([0, 2, 3, 1]).reshaped([-1, 16]).to(.float64)  // N×16
  let centred = rows - rows.mean(axis: 0, keep: true)
  let covariance = centred.transposed.matmul(centred) / Double(rows.shape[0])
  let error = (covariance - Tensor.identity(16, .float64)).absolute().largest()
  #expect(try error.item() < 1e-3)
}

/// Without centring all slices' projections are one vector (cosine 0.995), whose drift tells a key's age.
@Test func projectionsOfDifferentSlicesHaveNoCommonPartFromTheStart() throws {
  let recipe = try resolved()
  let batch = try batches(recipe).next()
  let moco = try MoCo(recipe, channels: 1)
  let images = try Tensor(Array(batch.queries), [batch.count, 1, batch.size, batch.size])
  let projected = withoutGradients {
    moco.query(images, at: nil, .training).projected  // B×D
  }
  let cosines = projected.matmul(projected.transposed)  // B×B
  let others = try (cosines.sum() - cosines.diagonal().sum()).item()
  #expect(abs(others / Double(batch.count * (batch.count - 1))) < 0.2)
}

@Test(arguments: DecorrelationRecipe.Place.allCases, [PretrainRecipe.Precision.fp32, .bf16])
func everyPlaceAndKindOfDecorrelationLearns(
  _ place: DecorrelationRecipe.Place, _ precision: PretrainRecipe.Precision
) throws {
  for kind in DecorrelationRecipe.Kind.allCases {
    if place == .none && kind != .zca || place == .lastNorm && kind == .covariance { continue }
    let recipe = try resolved {
      ($0.decorrelation.place, $0.decorrelation.kind, $0.precision) = (place, kind, precision)
      $0.queue = 8
    }
    let stream = try batches(recipe)
    var moco = try filled(recipe, stream)
    for _ in 0..<4 {
      let losses = try moco.step(stream.next()).read()
      #expect(losses.loss.isFinite && losses.global! > 0, "\(kind)")
      #expect((losses.decorrelation != nil) == (kind == .covariance), "\(kind)")
    }
    for entry in moco.query.store.entries {
      #expect(try entry.tensor.isFinite().all().item() == 1, "\(kind): \(entry.name)")
    }
  }
}

@Test func pooledVectorsOfABatchAreUncorrelatedInEachGroup() throws {
  for place in [DecorrelationRecipe.Place.pooled, .tailPooled] {
    let recipe = try resolved {
      ($0.decorrelation.place, $0.decorrelation.shrinkage) = (place, 0)
      ($0.batch, $0.queue, $0.decorrelation.width) = (40, 0, 64)
    }
    let network = try ContrastNetwork(recipe, channels: 1)
    #expect(network.backbone.pooledWhitening?.width == 16, "all channels, under half of 40 samples")
    let images = try Tensor(Array(batches(recipe).next().queries), [40, 1, 32, 32])
    let pooled = withoutGradients { network(images, at: nil, .training).features.pooled }
    let rows = pooled.to(.float64) - pooled.to(.float64).mean(axis: 0, keep: true)  // 40×16
    let covariance = rows.transposed.matmul(rows) / 40
    let error = (covariance - Tensor.identity(16, .float64)).absolute().largest()
    #expect(try error.item() < 0.02, "the ridge of 1e-5 is felt where an eigenvalue is small")
  }
}

@Test func groupsAreAtMostHalfTheSamplesOfTheirPlace() throws {
  let recipe = try resolved { ($0.decorrelation.place, $0.decorrelation.width) = (.tailPooled, 64) }
  let network = try ContrastNetwork(recipe, channels: 1)
  #expect(
    network.backbone.tailWhitening?.width == 16, "8 maps of 8×8 are samples enough for all channels"
  )
  #expect(network.backbone.pooledWhitening?.width == 4, "8 pooled vectors")
  let tiny = try resolved { ($0.decorrelation.place, $0.batch) = (.pooled, 2) }
  #expect(throws: PretrainError.self) { try ContrastNetwork(tiny, channels: 1) }
}

@Test func regionsAreReadAtEveryLevelThatIsAskedFor() throws {
  let recipe = try resolved { $0.local.level = [1, 3] }
  let network = try ContrastNetwork(recipe, channels: 1)
  #expect(network.levels == [0, 2])
  let batch = try batches(recipe).next()
  let views = try Views(batch, recipe, device: .cpu)
  let found = network(views.queries, at: views.queryPoints, .training)
  #expect(found.regions.map(\.features.shape) == [[8, 6, 8], [8, 6, 16]])
  #expect(found.regions.map(\.projected.shape) == [[8, 6, 16], [8, 6, 16]])
  for wrong in [[0, 1], [4], [2, 2], []] {
    var other = recipe
    other.local.level.stages = wrong
    #expect(throws: PretrainError.self) { try ContrastNetwork(other, channels: 1) }
  }
}

@Test func aLevelIsANumberOrAListInARecipe() throws {
  func level(_ json: String) throws -> [Int] {
    try JSONDecoder().decode(RegionLevels.self, from: Data(json.utf8)).stages
  }
  #expect(try level("3") == [3] && level("[3, 4]") == [3, 4])
  #expect(throws: DecodingError.self) { try level("\"deep\"") }
  let written = [RegionLevels.automatic, 3, [3, 4]].map {
    String(decoding: (try? JSONEncoder().encode($0)) ?? Data(), as: UTF8.self)
  }
  #expect(written == ["0", "3", "[3,4]"])
}
