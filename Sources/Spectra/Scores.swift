import Foundation

/// Four ways to count how many dimensions embeddings use.
public struct Scores: Codable, Sendable, Equatable {
  /// exp of the entropy of the singular values, uncentred (Garrido et al., RankMe, eq. 1).
  public var rankMe: Double
  /// exp of the entropy of the eigenvalues of the covariance (Roy and Vetterli, 2007).
  public var effectiveRank: Double
  /// (Σλ)² / Σλ² of the eigenvalues of the covariance.
  public var participationRatio: Double
  /// Mean |correlation| of two different dimensions; 0 is decorrelated, 1 is one dimension.
  public var correlation: Double

  /// Four scores.
  public init(
    rankMe: Double, effectiveRank: Double, participationRatio: Double, correlation: Double
  ) {
    self.rankMe = rankMe
    self.effectiveRank = effectiveRank
    self.participationRatio = participationRatio
    self.correlation = correlation
  }
}

/// exp of the Shannon entropy of values that are first divided by their sum; 0 when all are zero.
///
/// RankMe adds `floor` = 1e-7 to every share (Garrido et al., code of the paper).
package func exponentialEntropy(_ values: [Double], floor: Double = 0) -> Double {
  let total = values.reduce(0, +)
  guard total > 0 else { return 0 }
  let entropy = values.reduce(0.0) { sum, value in
    let share = value / total + floor
    return share > 0 ? sum - share * log(share) : sum
  }
  return exp(entropy)
}

/// (Σλ)² / Σλ²; 0 when all are zero.
package func participationRatio(_ eigenvalues: [Double]) -> Double {
  let total = eigenvalues.reduce(0, +)
  let squares = eigenvalues.reduce(0) { $0 + $1 * $1 }
  return squares > 0 ? total * total / squares : 0
}
