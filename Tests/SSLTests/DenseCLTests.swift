import Foundation
import SSL
import Testing
import Torch

@Test func theDenseContrastOfEqualSimilaritiesIsTheLogarithmOfTheirNumber() throws {
  let same = Tensor.full([2, 9, 4], 0.5)
  let loss = denseInfoNCE(
    same, same, matches: .zeros([2, 9], .int64), negatives: .full([16, 4], 0.5),
    masked: .zeros([2, 16], .bool), temperature: 0.2)
  #expect(abs(try loss.item() - log(17)) < 1e-5)
}

@Test func eachCellIsComparedWithItsMatchAndTheSlicesOwnNegatives() throws {
  let u = unitRows(4, 8, seed: 1).reshaped([2, 2, 8]),
    v = unitRows(4, 8, seed: 2).reshaped([2, 2, 8])
  let negatives = unitRows(3, 8, seed: 3)
  let masked = try Tensor([true, false, false, false, false, true], [2, 3])
  let loss = try denseInfoNCE(
    u, v, matches: Tensor([1, 1, 0, 1] as [Int64], [2, 2]), negatives: negatives, masked: masked,
    temperature: 0.5
  ).item()
  let p = try u.bmm(v.transposed).array(of: Double.self).map { exp($0 / 0.5) }  // 2×2×2
  let n = try u.reshaped([4, 8]).matmul(negatives.transposed).array(of: Double.self)
    .map { exp($0 / 0.5) }  // 4×3
  let rows = [
    p[1] / (p[1] + n[1] + n[2]), p[3] / (p[3] + n[4] + n[5]), p[4] / (p[4] + n[6] + n[7]),
    p[7] / (p[7] + n[9] + n[10]),
  ]
  #expect(abs(loss + rows.map { log($0) }.reduce(0, +) / 4) < 1e-5)
}

@Test func bothContrastsShareTheLossByLambda() throws {
  func losses(_ weight: Double) throws -> StepLosses<Double> {
    var recipe = smallRecipe(.densecl)
    recipe.dense.weight = weight
    recipe = try recipe.resolved(slices: 80)
    let stream = try batches(recipe)
    var method = try DenseCL(recipe, channels: 1)
    while method.isFilling { try method.fill(from: stream.next()) }
    #expect(method.queue?.isFull == true && method.moco.queue?.isFull == true)
    return try method.step(stream.next()).read()
  }
  let (half, all) = (try losses(0.5), try losses(1))
  let dense = try #require(half.terms?["dense"])
  #expect(abs(half.loss - (half.global! + dense) / 2) < 1e-5)
  #expect(abs(all.loss - all.terms!["dense"]!) < 1e-5 && half.local == nil)
}

@Test func theDenseContrastAloneSendsDerivativesIntoTheEncoderAndNoneIntoTheKeys() throws {
  var recipe = smallRecipe(.densecl)
  recipe.dense.weight = 1
  recipe = try recipe.resolved(slices: 80)
  let stream = try batches(recipe)
  var method = try DenseCL(recipe, channels: 1)
  while method.isFilling { try method.fill(from: stream.next()) }
  let before = try method.queue!.keys.floats()
  _ = try method.step(stream.next())
  let weight = try #require(method.backbone.store["encoder.stages.1.0.convs.1.conv.weight"])
  #expect(try weight.gradient!.norm().item() > 1e-5)
  #expect(method.moco.key.store.parameters.allSatisfy { $0.tensor.gradient == nil })
  #expect(try method.queue!.keys.floats() != before && method.queue!.pointer == 8)
}
