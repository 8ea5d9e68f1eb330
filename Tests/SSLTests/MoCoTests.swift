import Augment
import Foundation
import Loader
import NN
import SSL
import Testing
import Torch

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

@Test func thePartsOfTheSumAreThoseOfTheRecipe() throws {
  func losses(_ change: (inout PretrainRecipe) -> Void) throws -> StepLosses<Double> {
    let recipe = try resolved(change)
    let stream = try batches(recipe)
    var moco = try filled(recipe, stream)
    return try moco.step(stream.next()).read()
  }
  let both = try losses { $0.local.weight = 0.5 }
  #expect(abs(both.loss - both.global! - 0.5 * both.local!) < 1e-5)
  #expect(both.decorrelation == nil)
  let plain = try losses {
    $0.local.enabled = false
    $0.decorrelation.place = .none
  }
  #expect(try losses { $0.batchNegatives = false }.chance == 1 / 33.0)
  #expect(plain.local == nil && plain.loss == plain.global)
  #expect(plain.chance == 1 / 40.0)
  let penalty = try losses { $0.decorrelation.kind = .covariance }
  #expect(penalty.decorrelation! > 0)
  let sum = penalty.global! + 0.5 * penalty.local! + 0.01 * penalty.decorrelation!
  #expect(abs(penalty.loss - sum) < 1e-4)
}

@Test(arguments: [1, 0.5, 0])
func aPenaltyThatFadesCountsAsTheLearningRateDoes(_ share: Double) throws {
  let recipe = try resolved {
    ($0.decorrelation.kind, $0.decorrelation.fades, $0.local.enabled) = (.covariance, true, false)
  }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  moco.optimiser.learningRate = recipe.lr * share
  let losses = try moco.step(stream.next()).read()
  let sum = losses.global! + share * 0.01 * losses.decorrelation!
  #expect(losses.decorrelation! > 0 && abs(losses.loss - sum) < 1e-5)
}

/// Where the temperature makes all similarities alike, InfoNCE is the logarithm of the number of candidates.
@Test func atAHighTemperatureTheGlobalLossIsTheLogarithmOfTheCandidates() throws {
  let recipe = try resolved {
    $0.window = 0
    $0.temperature = 1000
  }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  let first = try moco.step(stream.next()).read()
  #expect(abs(first.global! - log(1 / first.chance!)) < 0.02)
}

/// The window is in millimetres: slices are 3 mm apart, so 7 mm hide two neighbours on either side, and 100 mm the volume.
@Test(arguments: [0, 7, 100] as [Double])
func onlyKeysBeyondTheWindowAreNegatives(_ window: Double) throws {
  let recipe = try resolved {
    ($0.window, $0.temperature) = (window, 1000)
  }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  let tags = try #require(moco.queue?.tags)
  let batch = try stream.next()
  let volumes = try tags.volumes.array(of: Int64.self) + batch.volumes.map(Int64.init)
  let positions = try tags.positions.floats() + batch.positions
  let expected = (0..<batch.count).map { at in
    let far = zip(volumes, positions).filter { volume, position in
      let distance = Double(abs(position - batch.positions[at]))
      return volume != Int64(batch.volumes[at]) || distance >= window && distance > 0
    }
    return log(1 + Double(far.count))
  }
  let loss = try #require(try moco.step(batch).read().global)
  #expect(abs(loss - expected.reduce(0, +) / Double(batch.count)) < 0.01)
  let few = Set(expected).max() ?? 0
  #expect(window < 100 || few < log(1 + Double(volumes.count - 3)), "the window must bite")
}

@Test func withoutTrainingTheLocalLossBeginsWhereChanceIs() throws {
  let recipe = try resolved()
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  let first = try moco.step(stream.next()).read()
  #expect(abs(first.local! - log(6)) < 1)
}

@Test(arguments: [DecorrelationRecipe.Place.none, .tail, .lastNorm])
func aResNetLearnsWithEachPlaceOfWhitening(_ place: DecorrelationRecipe.Place) throws {
  let recipe = try resolved {
    $0.architecture = .resnet18
    $0.decorrelation.place = place
    $0.queue = 8
  }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  let losses = try moco.step(stream.next()).read()
  #expect(losses.loss.isFinite && losses.global! > 0)
  #expect(recipe.keyNormGroups == 4)
}

@Test func theLocalLossIsTheMeanOverTheLevels() throws {
  let recipe = try resolved { $0.local.level = [2, 3] }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  let batch = try stream.next()
  let views = try Views(batch, recipe, device: .cpu)
  let regions = try #require(views.regions)
  let q = moco.query(views.queries, at: views.queryPoints, .training).regions
  let k = moco.key.keys(views, order: nil).regions
  let levels = try (0..<2).map {
    try localInfoNCE(
      q[$0].projected, k[$0].projected, excluded: regions.overlap, valid: regions.valid,
      temperature: recipe.temperature
    ).item()
  }
  let local = try #require(try moco.step(batch).read().local)
  #expect(abs(local - (levels[0] + levels[1]) / 2) < 1e-5 && abs(levels[0] - levels[1]) > 1e-4)
}

@Test func identicalViewsMatchThemselvesSoBothMatchingsAgree() throws {
  func local(_ matching: LocalRecipe.Matching) throws -> Double {
    let recipe = try resolved {
      ($0.local.matching, $0.decorrelation.place, $0.queue) = (matching, .none, 8)
    }
    let stream = try batches(recipe)
    var moco = try filled(recipe, stream)
    var batch = try stream.next()
    batch.keys = batch.queries
    let points = batch.regions?.queryPoints ?? []
    batch.regions?.keyPoints = points
    return try #require(try moco.step(batch).read().local)
  }
  #expect(abs(try local(.geometry) - local(.argmax)) < 1e-5)
}

@Test func fewerSlicesThanTwoBatchesTakeTheirNegativesFromTheBatch() throws {
  let recipe = try smallRecipe().resolved(slices: 15)
  #expect(recipe.queue == 0)
  var moco = try MoCo(recipe, channels: 1)
  #expect(!moco.isFilling && moco.queue == nil)
  let losses = try moco.step(batches(recipe).next()).read()
  #expect(losses.chance == 1 / 8.0 && losses.loss.isFinite)
}

@Test(arguments: DecorrelationRecipe.Place.allCases)
func aRateThatIsFarTooHighIsAnErrorAndNoCrash(_ place: DecorrelationRecipe.Place) throws {
  let recipe = try resolved {
    $0.decorrelation.place = place
    ($0.optimiser, $0.clip) = (.sgd, 0)
    $0.keyMomentum = 0.1
  }
  let stream = try batches(recipe)
  var moco = try filled(recipe, stream)
  moco.optimiser.learningRate = 1e36
  #expect(throws: PretrainError.diverged) {
    for _ in 0..<4 { _ = try moco.step(stream.next()).read() }
  }
  // Found late, it is as harmless: the steps in between compute with what is no number.
  for _ in 0..<2 { _ = try moco.step(stream.next()) }
  #expect(throws: PretrainError.diverged) { try moco.step(stream.next()).read() }
}

@Test func identicalViewsAreRecognisedByAnUntrainedNetwork() throws {
  var recipe = smallRecipe()
  (recipe.batch, recipe.queue, recipe.decorrelation.place) = (48, 0, .none)
  recipe = try recipe.resolved(slices: 80)
  var moco = try MoCo(recipe, channels: 1)
  var batch = try batches(recipe).next()
  batch.keys = batch.queries
  let losses = try moco.step(batch).read()
  #expect(losses.topOne! > 0.8 && losses.batchTopOne == losses.topOne)
}
