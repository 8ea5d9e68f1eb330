import Augment
import Foundation
import Loader
import NN
import SSL
import Testing
import Torch

private func batches(_ recipe: PretrainRecipe) throws -> CropPairBatches {
  try CropPairBatches(
    cohort, recipe: recipe.crops, batchSize: recipe.batch, seed: recipe.seed, threads: 0)
}

private func resolved(_ change: (inout PretrainRecipe) -> Void = { _ in }) throws -> PretrainRecipe
{
  var recipe = smallRecipe()
  change(&recipe)
  return try recipe.resolved(slices: 80)
}

/// MoCo with a full queue.
private func filled(_ recipe: PretrainRecipe, _ stream: CropPairBatches) throws -> MoCo {
  var moco = try MoCo(recipe, channels: 1)
  while moco.isFilling { try moco.fill(from: stream.next()) }
  return moco
}

@Test func theQueueIsFilledWithRealKeysBeforeAnythingIsLearned() throws {
  let recipe = try resolved()
  let stream = try batches(recipe)
  let before = try MoCo(recipe, channels: 1)
  let moco = try filled(recipe, stream)
  #expect(stream.step == 4 && moco.step == 0)
  for (a, b) in zip(before.query.store.entries, moco.query.store.entries) where a.kind == .parameter
  {
    #expect(try a.tensor.floats() == b.tensor.floats())
  }
  let lengths = try moco.queue!.keys.norm(axis: 1).floats()
  #expect(lengths.allSatisfy { abs($0 - 1) < 1e-5 })
  #expect(try moco.queue!.tags.volumes.array(of: Int64.self).allSatisfy { (0..<8).contains($0) })
}

@Test func theKeyEncoderFollowsTheQueryExactly() throws {
  let recipe = try resolved { $0.keyMomentum = 0.9 }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  let name = "encoder.stages.1.0.convs.0.conv.weight"
  var expected = try moco.key.store[name]!.array(of: Double.self)
  for _ in 0..<3 {
    let query = try moco.query.store[name]!.array(of: Double.self)
    expected = zip(expected, query).map { 0.9 * $0 + 0.1 * $1 }
    _ = try moco.step(stream.next())
  }
  let found = try moco.key.store[name]!.array(of: Double.self)
  let error = zip(expected, found).map { abs($0 - $1) }.max()!
  #expect(error < 1e-6)
  let query = try moco.query.store[name]!.array(of: Double.self)
  #expect(zip(query, found).contains { abs($0 - $1) > 1e-4 }, "they must differ to be told apart")
}

@Test func noDerivativesReachTheKeyEncoderAndAllOfTheQueryHasThem() throws {
  let recipe = try resolved()
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  _ = try moco.step(stream.next())
  #expect(moco.key.store.parameters.allSatisfy { $0.tensor.gradient == nil })
  for parameter in moco.query.store.parameters {
    // The bias of a convolution before an instance norm is taken away again by the norm.
    if parameter.name.hasSuffix("conv.bias") { continue }
    let gradient = try #require(parameter.tensor.gradient, "\(parameter.name)")
    #expect(try gradient.norm().item() > 0, "\(parameter.name)")
  }
}

@Test func localContrastAloneSendsDerivativesIntoTheEncoder() throws {
  let recipe = try resolved { $0.local.level = 2 }
  let batch = try batches(recipe).next()
  let network = try ContrastNetwork(recipe, channels: 1)
  let regions = try #require(batch.regions)
  func unit(_ points: [Float], _ pixels: [Float]) throws -> Tensor {
    let images = try Tensor(pixels, [8, 1, 32, 32])
    let grid = try Tensor(points, [8, regions.count * regions.points, regions.points, 2])
    return try #require(try network(images, at: grid, .training).regions)
  }
  let u = try unit(regions.queryPoints, batch.queries)
  let v = try unit(regions.keyPoints, batch.keys).detached()
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

@Test func thePartsOfTheSumAreThoseOfTheRecipe() throws {
  func losses(_ change: (inout PretrainRecipe) -> Void) throws -> StepLosses {
    let recipe = try resolved(change)
    let stream = try batches(recipe)
    var moco = try filled(recipe, stream)
    return try moco.step(stream.next())
  }
  let both = try losses { $0.local.weight = 0.5 }
  #expect(abs(both.total - both.global - 0.5 * both.local!) < 1e-5)
  #expect(both.decorrelation == nil)
  let plain = try losses {
    $0.local.enabled = false
    $0.decorrelation.place = .none
  }
  #expect(try losses { $0.batchNegatives = false }.chance == 1 / 33.0)
  #expect(plain.local == nil && plain.total == plain.global)
  #expect(plain.chance == 1 / 40.0)
  let penalty = try losses { $0.decorrelation.kind = .covariance }
  #expect(penalty.decorrelation! > 0)
  let sum = penalty.global + 0.5 * penalty.local! + 0.04 * penalty.decorrelation!
  #expect(abs(penalty.total - sum) < 1e-4)
}

/// Where the temperature makes all similarities alike, InfoNCE is the logarithm of the number of candidates.
@Test func atAHighTemperatureTheGlobalLossIsTheLogarithmOfTheCandidates() throws {
  let recipe = try resolved {
    $0.window = 0
    $0.temperature = 1000
  }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  let first = try moco.step(stream.next())
  #expect(abs(first.global - log(1 / first.chance)) < 0.02)
}

@Test func withoutTrainingTheLocalLossBeginsWhereChanceIs() throws {
  let recipe = try resolved()
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  let first = try moco.step(stream.next())
  #expect(abs(first.local! - log(6)) < 1)
}

@Test(arguments: [
  (
    PretrainRecipe.Architecture.unet, DecorrelationRecipe.Place.pooled, DecorrelationRecipe.Kind.zca
  ),
  (.unet, .lastNorm, .zca), (.unet, .tail, .iternorm), (.unet, .pooled, .covariance),
  (.resnet18, .tail, .zca), (.resnet18, .lastNorm, .zca), (.resnet18, .none, .zca),
])
func everyArmLearnsAStep(
  _ architecture: PretrainRecipe.Architecture, _ place: DecorrelationRecipe.Place,
  _ kind: DecorrelationRecipe.Kind
) throws {
  let recipe = try resolved {
    $0.architecture = architecture
    ($0.decorrelation.place, $0.decorrelation.kind) = (place, kind)
    $0.queue = 8
  }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  let losses = try moco.step(stream.next())
  #expect(losses.total.isFinite && losses.global > 0)
  #expect(recipe.keyNormGroups == (architecture == .unet ? 1 : 4))
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
    let regions = try network.keys(views, order: nil).regions!.floats()
    let turnedRegions = try network.keys(views, order: order).regions!.floats()
    #expect(zip(regions, turnedRegions).allSatisfy { abs($0 - $1) < 1e-4 })
  }
}

@Test func fewerSlicesThanTwoBatchesTakeTheirNegativesFromTheBatch() throws {
  let recipe = try smallRecipe().resolved(slices: 15)
  #expect(recipe.queue == 0)
  var moco = try MoCo(recipe, channels: 1)
  #expect(!moco.isFilling && moco.queue == nil)
  let losses = try moco.step(batches(recipe).next())
  #expect(losses.chance == 1 / 8.0 && losses.total.isFinite)
}

@Test func aRateThatIsFarTooHighIsAnErrorAndNoCrash() throws {
  let recipe = try resolved {
    ($0.optimiser, $0.clip) = (.sgd, 0)
    $0.keyMomentum = 0.1
  }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  moco.optimiser.learningRate = 1e36
  #expect(throws: PretrainError.diverged) {
    for _ in 0..<4 { _ = try moco.step(stream.next()) }
  }
}

/// The tail is affine once it is frozen: what pooling and it give the projector's first layer, plain
/// pooled features give the folded one (design 7).
@Test(arguments: [DecorrelationRecipe.Place.tail, .pooled])
func aFrozenWhiteningFoldsIntoTheProjector(_ place: DecorrelationRecipe.Place) throws {
  let recipe = try resolved { $0.decorrelation.place = place }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  for _ in 0..<3 { _ = try moco.step(stream.next()) }
  let (network, batch) = (moco.query, try stream.next())
  let whitening = try #require(network.whitening), first = network.projector.first
  try withoutGradients {
    let images = try Tensor(batch.queries, [8, 1, 32, 32])
    let found = try network(images, at: nil, .evaluation)
    let folded = whitening.foldedForward(into: first.weight, bias: first.bias)
    let plain = found.lastMap.globallyPooled().linear(folded.weight, bias: folded.bias)
    let error = try (plain - first(found.pooled)).absolute().largest().item()
    let size = try plain.absolute().largest().item()
    #expect(error < 1e-5 * max(1, size) && size > 0.01)
  }
}

@Test func whitenedPixelsOfABatchAreUncorrelatedWithVarianceOne() throws {
  let recipe = try resolved { $0.decorrelation.shrinkage = 0 }
  let network = try ContrastNetwork(recipe, channels: 1)
  let batch = try batches(recipe).next()
  let map = try withoutGradients {
    try network(Tensor(batch.queries, [8, 1, 32, 32]), at: nil, .training).whitenedMap
  }
  let rows = map.permuted([0, 2, 3, 1]).reshaped([-1, 16]).to(.float64)  // N×16
  let centred = rows - rows.mean(axis: 0, keep: true)
  let covariance = centred.transposed.matmul(centred) / Double(rows.shape[0])
  let error = (covariance - Tensor.identity(16, .float64)).absolute().largest()
  #expect(try error.item() < 1e-3)
}

@Test func identicalViewsAreRecognisedByAnUntrainedNetwork() throws {
  var recipe = smallRecipe()
  (recipe.batch, recipe.queue, recipe.decorrelation.place) = (48, 0, .none)
  recipe = try recipe.resolved(slices: 80)
  var moco = try MoCo(recipe, channels: 1)
  var batch = try batches(recipe).next()
  batch.keys = batch.queries
  let losses = try moco.step(batch)
  #expect(losses.topOne > 0.8 && losses.batchTopOne == losses.topOne)
}

/// Without centring all slices' projections are one vector (cosine 0.995), whose drift tells a key's age.
@Test func projectionsOfDifferentSlicesHaveNoCommonPartFromTheStart() throws {
  let recipe = try resolved()
  let batch = try batches(recipe).next()
  let moco = try MoCo(recipe, channels: 1)
  let images = try Tensor(batch.queries, [batch.count, 1, batch.size, batch.size])
  let projected = try withoutGradients {
    try moco.query(images, at: nil, .training).projected  // B×D
  }
  let cosines = projected.matmul(projected.transposed)  // B×B
  let others = try (cosines.sum() - cosines.diagonal().sum()).item()
  #expect(abs(others / Double(batch.count * (batch.count - 1))) < 0.2)
}
