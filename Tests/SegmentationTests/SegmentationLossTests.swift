import Foundation
import Segmentation
import Testing
import Torch

/// Scores 2×3×2×3 in float64 and labels with one pixel left out.
private func batch() throws -> (scores: [Double], target: Tensor) {
  let scores = (0..<36).map { Double(($0 * 7919) % 23) / 8 - 1.3 }
  let labels: [Int64] = [0, 1, 2, 2, 255, 1, 0, 0, 1, 2, 1, 0]
  return (scores, try Tensor(labels, [2, 2, 3]))
}

@Test func theLossIsThatOfItsFormulas() throws {
  let (scores, target) = try batch()
  let labels = try target.array(of: Int64.self)
  var (entropy, overlap, extent) = (0.0, [0.0, 0, 0], [0.0, 0, 0])
  for pixel in 0..<12 where labels[pixel] != 255 {
    let (n, at, truth) = (pixel / 6, pixel % 6, Int(labels[pixel]))
    let powers = (0..<3).map { exp(scores[n * 18 + $0 * 6 + at]) }
    let shares = powers.map { $0 / powers.reduce(0, +) }
    entropy -= log(shares[truth]) / 11
    for label in 0..<3 { extent[label] += shares[label] }
    overlap[truth] += shares[truth]
    extent[truth] += 1
  }
  let parts: [Double] = (1...2).map { (2 * overlap[$0] + 1e-5) / (extent[$0] + 1e-5) }
  let dice = (parts[0] + parts[1]) / 2
  let loss = segmentationLoss(try Tensor(scores, [2, 3, 2, 3]), target)
  #expect(abs(try loss.crossEntropy.item() - entropy) < 1e-12)
  #expect(abs(try loss.dice.item() - (1 - dice)) < 1e-12)
}

@Test func theGradientOfTheLossIsThatOfFiniteDifferences() throws {
  let (scores, target) = try batch()
  let logits = try Tensor(scores, [2, 3, 2, 3]).requiringGradient()
  segmentationLoss(logits, target).total.backward()
  let gradient = try #require(logits.gradient).array(of: Double.self)
  for at in scores.indices {
    func value(_ step: Double) throws -> Double {
      var moved = scores
      moved[at] += step
      return try segmentationLoss(Tensor(moved, [2, 3, 2, 3]), target).total.item()
    }
    let slope = (try value(1e-5) - value(-1e-5)) / 2e-5
    #expect(abs(slope - gradient[at]) < 1e-9)
  }
}

@Test func pixelsThatAreNotLabelledSendNoGradient() throws {
  let (scores, target) = try batch()
  let logits = try Tensor(scores, [2, 3, 2, 3]).requiringGradient()
  segmentationLoss(logits, target).total.backward()
  let gradient = try #require(logits.gradient).array(of: Double.self)
  #expect((0..<3).allSatisfy { gradient[$0 * 6 + 4] == 0 })
  #expect(gradient.contains { $0 != 0 })
}

@Test func aBatchWithoutLabelsIsFinite() throws {
  let logits = try Tensor([Float](repeating: 0.5, count: 8), [1, 2, 2, 2]).requiringGradient()
  let target = try Tensor([Int64](repeating: 255, count: 4), [1, 2, 2])
  let loss = segmentationLoss(logits, target)
  loss.total.backward()
  #expect(try loss.crossEntropy.item() == 0 && loss.dice.item() == 0)
  #expect(try #require(logits.gradient).floats().allSatisfy { $0 == 0 })
}

@Test func aSureAndRightAnswerCostsNothing() throws {
  let (_, target) = try batch()
  let known = target.filled(0, where: target .== 255)
  let logits = known.oneHot(3).permuted([0, 3, 1, 2]).to(.float32) * 40
  #expect(try segmentationLoss(logits, target).total.item() < 1e-6)
}
