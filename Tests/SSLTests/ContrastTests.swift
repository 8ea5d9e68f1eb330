import Foundation
import Models
import SSL
import Testing
import Torch

@Test func infoNCEOfOrthogonalVectorsIsItsClosedForm() throws {
  let eye = Tensor.identity(12)
  let logits = contrastLogits(
    eye[0..<4], eye[0..<4], negatives: eye[4..<12], masked: nil, temperature: 0.2)
  #expect(abs(try infoNCE(logits).item() - log(1 + 8 * exp(-1 / 0.2))) < 1e-6)
  #expect(try topOne(logits).item() == 1)
}

@Test func infoNCEOfEqualSimilaritiesIsTheLogarithmOfTheirNumber() throws {
  let one = Tensor.full([3, 4], 0.5)
  let logits = contrastLogits(
    one, one, negatives: .full([16, 4], 0.5), masked: nil, temperature: 0.07)
  #expect(abs(try infoNCE(logits).item() - log(17)) < 1e-5)
  #expect(try topOne(logits).item() == 0, "a tie is no win")
}

@Test func maskedNegativesDoNotCount() throws {
  let one = Tensor.full([2, 4], 0.5)
  let masked = try Tensor([true, true, true, false, false, false, false, false], [2, 4])
  let logits = contrastLogits(
    one, one, negatives: .full([4, 4], 0.5), masked: masked, temperature: 0.2)
  #expect(abs(try infoNCE(logits).item() - (log(2) + log(5)) / 2) < 1e-6)
  let all = contrastLogits(
    one, one, negatives: .full([4, 4], 0.5), masked: .ones([2, 4], .bool), temperature: 0.2)
  #expect(abs(try infoNCE(all).item()) < 1e-6)
}

@Test func keysOfNearSlicesOfTheSameVolumeAreMasked() throws {
  let queries = try SliceTags(volumes: [1, 2], positions: [10, 10])
  let keys = try SliceTags(
    volumes: [1, 1, 1, 2, 2, -1], positions: [10, 13.9, 14, 6.5, 40, 0])
  let mask = try neighbourMask(of: queries, among: keys, window: 4).array(of: Bool.self)
  #expect(
    mask == [true, true, false, false, false, false, false, false, false, true, false, false])
  let own = try neighbourMask(of: queries, among: keys, window: 0).array(of: Bool.self)
  #expect(own.prefix(6) == [true, false, false, false, false, false], "the slice itself, always")
}

@Test func localContrastOfEqualRegionsIsTheLogarithmOfTheirNumber() throws {
  let same = Tensor.full([2, 24, 4], 0.5)
  let none = Tensor.zeros([2, 24, 24], .bool)
  let loss = localInfoNCE(
    same, same, excluded: none, valid: .ones([2, 24], .bool), temperature: 0.2)
  #expect(abs(try loss.item() - log(24)) < 1e-5)
}

@Test func localContrastOfRandomVectorsBeginsNearTheLogarithmOfTheirNumber() throws {
  let u = unitRows(48, 128, seed: 1).reshaped([2, 24, 128])
  let v = unitRows(48, 128, seed: 2).reshaped([2, 24, 128])
  let loss = localInfoNCE(
    u, v, excluded: .zeros([2, 24, 24], .bool), valid: .ones([2, 24], .bool), temperature: 0.2)
  #expect(abs(try loss.item() - log(24)) < 0.3)
}

@Test func localContrastDoesNotDependOnTheOrderOfRegionsButOnTheirMatch() throws {
  let u = unitRows(8, 16, seed: 3).reshaped([1, 8, 16])
  let v = (u + Tensor.randomNormal([1, 8, 16], seed: 4) * 0.1).normalized(axis: 2)
  let none = Tensor.zeros([1, 8, 8], .bool), valid = Tensor.ones([1, 8], .bool)
  let order = Tensor.randomPermutation(8, seed: 5)
  func loss(_ u: Tensor, _ v: Tensor) throws -> Double {
    try localInfoNCE(u, v, excluded: none, valid: valid, temperature: 0.2).item()
  }
  let value = try loss(u, v)
  let together = try loss(u.selecting(axis: 1, order), v.selecting(axis: 1, order))
  #expect(abs(value - together) < 1e-6)
  #expect(try loss(u, v.selecting(axis: 1, order)) > value + 0.5)
}

@Test func overlappingRegionsAreNeitherPositivesNorNegatives() throws {
  let u = unitRows(3, 8, seed: 6).reshaped([1, 3, 8])
  let v = unitRows(3, 8, seed: 7).reshaped([1, 3, 8])
  var overlap = [Bool](repeating: false, count: 9)
  (overlap[1], overlap[3]) = (true, true)
  let valid = Tensor.ones([1, 3], .bool)
  let found = try localInfoNCE(
    u, v, excluded: Tensor(overlap, [1, 3, 3]), valid: valid, temperature: 0.5
  ).item()
  let s = try (u.bmm(v.transposed) / 0.5).array(of: Double.self)
  let expected =
    (log(exp(s[0]) + exp(s[2])) - s[0] + log(exp(s[4]) + exp(s[5])) - s[4]
      + log(exp(s[6]) + exp(s[7]) + exp(s[8])) - s[8]) / 3
  #expect(abs(found - expected) < 1e-5)
}

@Test func matchesTakeThePlaceOfTheSameRegion() throws {
  let u = unitRows(6, 8, seed: 17).reshaped([2, 3, 8]),
    v = unitRows(6, 8, seed: 18).reshaped([2, 3, 8])
  var overlap = [Bool](repeating: false, count: 18)
  (overlap[1], overlap[3]) = (true, true)  // regions 0 and 1 of the first pair
  let valid = Tensor.ones([2, 3], .bool), excluded = try Tensor(overlap, [2, 3, 3])
  func loss(_ matches: [Int64]?) throws -> Double {
    try localInfoNCE(
      u, v, matches: matches.map { try Tensor($0, [2, 3]) }, excluded: excluded, valid: valid,
      temperature: 0.5
    ).item()
  }
  #expect(abs(try loss([0, 1, 2, 0, 1, 2]) - loss(nil)) < 1e-6)
  let s = try (u.bmm(v.transposed) / 0.5).array(of: Double.self).map { exp($0) }
  // First pair: regions 2, 2, 0 are the positives, so the first two rows lack nothing and the last lacks region 1.
  let rows = [
    s[2] / (s[0] + s[1] + s[2]), s[5] / (s[3] + s[4] + s[5]), s[6] / (s[6] + s[8]),
    s[10] / (s[9] + s[10] + s[11]), s[12] / (s[12] + s[13] + s[14]),
    s[17] / (s[15] + s[16] + s[17]),
  ]
  let expected = -rows.map { log($0) }.reduce(0, +) / 6
  #expect(abs(try loss([2, 2, 0, 1, 0, 2]) - expected) < 1e-5)
}

@Test func theLikestIsTheOneWithTheLargestCosine() throws {
  let f = unitRows(5, 8, seed: 19).reshaped([1, 5, 8])
  let order = Tensor.randomPermutation(5, seed: 20)
  let noisy = (f.selecting(axis: 1, order) + Tensor.randomNormal([1, 5, 8], seed: 21) * 0.02)
    .normalized(axis: 2).requiringGradient()
  let found = likest(f, noisy)
  #expect(!found.requiresGradient)
  let places = try order.array(of: Int64.self)
  #expect(try found.array(of: Int64.self) == (0..<5).map { Int64(places.firstIndex(of: $0)!) })
}

@Test func pairsWithoutOverlapAreLeftOutOfTheMean() throws {
  let u = unitRows(12, 8, seed: 8).reshaped([3, 4, 8])
  let v = unitRows(12, 8, seed: 9).reshaped([3, 4, 8])
  func loss(_ pairs: Range<Int>, _ valid: [Bool]) throws -> Double {
    let mask = try Tensor(valid, [valid.count, 1]).expanded([valid.count, 4])
    return try localInfoNCE(
      u[pairs], v[pairs], excluded: .zeros([valid.count, 4, 4], .bool), valid: mask,
      temperature: 0.2
    ).item()
  }
  let two = try loss(0..<3, [true, false, true])
  let apart = try (loss(0..<1, [true]) + loss(2..<3, [true])) / 2
  #expect(abs(two - apart) < 1e-6)
  #expect(try loss(0..<3, [false, false, false]) == 0)
}

@Test func theCovariancePenaltyIsZeroForUncorrelatedFeatures() throws {
  let corners = try Tensor([1, 1, 1, -1, -1, 1, -1, -1] as [Float], [4, 2])
  #expect(try covariancePenalty(corners).item() == 0)
  let line = try Tensor([1, 2, -1, -2] as [Float], [2, 2])  // C = [[2, 4], [4, 8]]
  #expect(abs(try covariancePenalty(line).item() - 16) < 1e-5)
}

@Test func thePenaltyOnCorrelationsDoesNotFallWhenFeaturesShrink() throws {
  let z = Tensor.randomNormal([40, 6], seed: 16)
  let (whole, small) = (try correlationPenalty(z).item(), try correlationPenalty(z * 0.05).item())
  #expect(whole > 0.01 && abs(whole - small) < 1e-3 * whole)
  let line = try Tensor([1, 2, -1, -2] as [Float], [2, 2])  // r = 1
  #expect(abs(try correlationPenalty(line).item() - 4) < 1e-4)
}

@Test func derivativesOfTheLossesAgreeWithFiniteDifferences() throws {
  let masked = try Tensor([false, true, false, false, false, false, true, true, false], [3, 3])
  try expectGradients(of: [
    unitRows(3, 4, seed: 10), unitRows(3, 4, seed: 11), unitRows(3, 4, seed: 12),
  ]) { infoNCE(contrastLogits($0[0], $0[1], negatives: $0[2], masked: masked, temperature: 0.2)) }
  let excluded = masked.unsqueezed(0).expanded([2, 3, 3])
  let valid = try Tensor([true, true, false, true, true, true], [2, 3])
  try expectGradients(of: [
    unitRows(6, 4, seed: 13).reshaped([2, 3, 4]), unitRows(6, 4, seed: 14).reshaped([2, 3, 4]),
  ]) { localInfoNCE($0[0], $0[1], excluded: excluded, valid: valid, temperature: 0.2) }
  try expectGradients(of: [Tensor.randomNormal([5, 3], seed: 15)]) { covariancePenalty($0[0]) }
}
