import Foundation
import SSL
import Testing
import Torch

@Test func theTermsOfVICRegAreThoseOfTheirFormulas() throws {
  // Means 0; variances by B − 1: (2, 0.5) and (2, 2); covariances 1 and −2.
  let a = try Tensor([1, 0.5, -1, -0.5] as [Float], [2, 2])
  let b = try Tensor([1, -1, -1, 1] as [Float], [2, 2])
  let terms = VICRegTerms(a, b)
  #expect(abs(try terms.invariance.item() - (2.25 + 2.25) / 4) < 1e-6)
  #expect(abs(try terms.variance.item() - (1 - sqrt(0.5001)) / 4) < 1e-6)
  #expect(abs(try terms.covariance.item() - (2 * 1 / 2 + 2 * 4 / 2)) < 1e-5)
}

@Test func aConstantPaysTheWholeOfTheVarianceAndNothingElse() throws {
  let one = Tensor.full([16, 8], 0.3)
  let terms = VICRegTerms(one, one)
  #expect(try terms.invariance.item() == 0 && terms.covariance.item() == 0)
  #expect(abs(try terms.variance.item() - 0.99) < 1e-5, "1 − √10⁻⁴")
}

@Test func dimensionsThatLineUpPayAndSpreadOnesDoNot() throws {
  let z = Tensor.randomNormal([4000, 4], seed: 1) * 1.2
  let spread = VICRegTerms(z, z)
  #expect(try spread.variance.item() < 1e-6 && spread.covariance.item() < 0.05)
  let line = z[0..<4000].narrowed(axis: 1, 0..<1).expanded([4000, 4])
  let lined = try VICRegTerms(line, line).covariance.item()
  let variance = try line.variance(axis: 0).floats()[0] * 4000 / 3999
  let expected = Double(variance * variance) * 2 * 12 / 4  // two views, 12 pairs, 4 dimensions
  #expect(abs(lined - expected) < 1e-3 * expected)
}

@Test func derivativesOfTheTermsAgreeWithFiniteDifferences() throws {
  try expectGradients(of: [
    Tensor.randomNormal([5, 3], seed: 2) * 0.5, Tensor.randomNormal([5, 3], seed: 3) * 0.5,
  ]) {
    let terms = VICRegTerms($0[0], $0[1])
    return terms.invariance + terms.variance * 2 + terms.covariance * 3
  }
}

@Test func vicregPutsItsTermsTogetherWithTheirWeightsAndLearnsFromBothViews() throws {
  var recipe = smallRecipe(.vicreg)
  recipe = try recipe.resolved(slices: 80)
  let stream = try batches(recipe)
  var method = try VICReg(recipe, channels: 1)
  let losses = try method.step(stream.next()).read()
  let terms = try #require(losses.terms)
  let sum = 25 * terms["invariance"]! + 25 * terms["variance"]! + terms["covariance"]!
  #expect(abs(losses.loss - sum) < 1e-3 * sum && losses.global == nil && losses.topOne == nil)
  var last = losses
  for _ in 0..<12 { last = try method.step(stream.next()).read() }
  #expect(last.loss < losses.loss)
}
