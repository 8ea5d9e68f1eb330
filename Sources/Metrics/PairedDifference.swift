/// How much better one method is than another on the same cases, with an interval.
///
/// Scores are paired: case by case, and repetition by repetition where the experiment was made
/// several times (other labelled volumes, another seed). The interval is the percentile bootstrap over
/// both (Efron and Tibshirani, 1993, chapter 13): repetitions are drawn with replacement, and cases
/// in each, so that neither many cases of one repetition nor one lucky repetition looks like certainty.
public struct PairedDifference: Codable, Sendable, Equatable {
  /// The mean of `a − b` over all pairs.
  public var mean: Double
  /// The ends of the interval.
  public var low, high: Double
  /// Pairs that were compared.
  public var pairs: Int

  /// Whether the interval lies on one side of 0.
  public var isClear: Bool { low > 0 || high < 0 }

  /// Compares `a` with `b`, one list a repetition, one score a case, in the same order in both.
  ///
  /// - Parameters:
  ///   - level: how much of the bootstrap's distribution the interval holds.
  ///   - draws: how many times the experiment is drawn again.
  ///   - seed: what the drawing follows from; the same seed gives the same interval.
  /// - Returns: nil when there is no pair, or the lists do not match.
  public init?(
    _ a: [[Double]], minus b: [[Double]], level: Double = 0.95, draws: Int = 2_000, seed: UInt64 = 1
  ) {
    guard a.count == b.count, zip(a, b).allSatisfy({ $0.count == $1.count && !$0.isEmpty }) else {
      return nil
    }
    let differences = zip(a, b).map { zip($0, $1).map { $0 - $1 } }
    guard let mean = Summary(differences.map { Summary($0).mean }).mean else { return nil }
    var random = SplitMix(state: seed)
    let means = (0..<draws).map { _ in Self.drawn(differences, &random) }.sorted()
    let tail = Int(Double(draws) * (1 - level) / 2)
    (self.mean, pairs) = (mean, differences.map(\.count).reduce(0, +))
    (low, high) = (means[tail], means[draws - 1 - tail])
  }

  private static func drawn(_ differences: [[Double]], _ random: inout SplitMix) -> Double {
    var sum = 0.0
    for _ in differences.indices {
      let cases = differences[Int.random(in: differences.indices, using: &random)]
      let drawn = cases.indices.map { _ in cases[Int.random(in: cases.indices, using: &random)] }
      sum += drawn.reduce(0, +) / Double(drawn.count)
    }
    return sum / Double(differences.count)
  }
}

/// Steele, Lea and Flood's SplitMix64 (2014): small, and the same everywhere.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
