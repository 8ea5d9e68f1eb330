import Foundation
import Metrics
import Testing

@Suite struct PairedDifferenceTests {
  @Test func aConstantDifferenceHasNoInterval() throws {
    let a = [[0.7, 0.8, 0.9], [0.5, 0.6, 0.7]]
    let found = try #require(PairedDifference(a.map { $0.map { $0 + 0.05 } }, minus: a))
    #expect(abs(found.mean - 0.05) < 1e-12 && found.pairs == 6 && found.isClear)
    #expect(abs(found.low - 0.05) < 1e-12 && abs(found.high - 0.05) < 1e-12)
  }

  @Test func swappingTheMethodsTurnsTheIntervalRound() throws {
    let a = [[0.71, 0.85, 0.93, 0.60], [0.52, 0.68, 0.74, 0.81]]
    let b = [[0.70, 0.80, 0.95, 0.55], [0.55, 0.61, 0.70, 0.84]]
    let forth = try #require(PairedDifference(a, minus: b))
    let back = try #require(PairedDifference(b, minus: a))
    #expect(abs(forth.mean + back.mean) < 1e-12)
    #expect(abs(forth.low + back.high) < 0.01 && abs(forth.high + back.low) < 0.01)
    #expect(forth.low <= forth.mean && forth.mean <= forth.high)
    #expect(forth == PairedDifference(a, minus: b))
  }

  /// Of a normal sample of one repetition the interval is near ±1.96 s/√n.
  @Test func theIntervalOfOneRepetitionIsThatOfTheMean() throws {
    let values = (0..<200).map { index in
      // The normal deviates of equally spaced probabilities, by a logistic approximation.
      let p = (Double(index) + 0.5) / 200
      return log(p / (1 - p)) / 1.702
    }
    let found = try #require(
      PairedDifference([values], minus: [[Double](repeating: 0, count: 200)]))
    let expected = 1.96 * (try #require(Summary(values).deviation)) / 200.0.squareRoot()
    #expect(abs(found.high - expected) < 0.2 * expected)
    #expect(abs(found.low + expected) < 0.2 * expected)
  }

  @Test func repetitionsThatDisagreeWidenTheInterval() throws {
    let zero = [[Double](repeating: 0, count: 50), [Double](repeating: 0, count: 50)]
    let split = [
      [Double](repeating: 0.1, count: 50), [Double](repeating: -0.1, count: 50),
    ]
    let found = try #require(PairedDifference(split, minus: zero))
    #expect(!found.isClear && found.high - found.low > 0.15)
  }

  @Test func listsThatDoNotMatchAreNotCompared() {
    #expect(PairedDifference([[1, 2]], minus: [[1]]) == nil)
    #expect(PairedDifference([], minus: []) == nil)
    #expect(PairedDifference([[]], minus: [[]]) == nil)
  }

  @Test func meanAndDeviationAreTheSamples() throws {
    #expect(Summary([]).mean == nil && Summary([1]).deviation == nil)
    #expect(Summary([1, 2, 3, 6]).mean == 3)
    #expect(
      abs((try #require(Summary([2, 4, 4, 4, 5, 5, 7, 9]).deviation)) - 2.138_089_935) < 1e-8)
  }
}
