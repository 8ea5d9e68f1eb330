import Foundation

extension Scores {
  /// What isotropic noise scores: the most that N embeddings of D dimensions can be expected to.
  ///
  /// The eigenvalues of a sample covariance follow the Marchenko–Pastur law, so even perfectly
  /// isotropic data scores less than D. `freedom` is N less the number of means taken away: 1 for
  /// a covariance, the number of groups for deviations from group means. RankMe is not centred.
  public static func ceiling(samples: Int, dimensions: Int, freedom: Int) -> Scores {
    let centred = MarchenkoPastur(samples: freedom, dimensions: dimensions)
    let uncentred = MarchenkoPastur(
      samples: freedom == samples - 1 ? samples : freedom, dimensions: dimensions)
    return Scores(
      rankMe: uncentred.exponentialEntropy { $0.squareRoot() },
      effectiveRank: centred.exponentialEntropy { $0 },
      participationRatio: centred.participationRatio,
      correlation: min(1, (2 / (Double.pi * Double(max(1, freedom)))).squareRoot()))
  }
}

/// The law of the eigenvalues of the covariance of isotropic noise (Marchenko and Pastur, 1967).
///
/// With γ = D/N ≤ 1 (else the two change places) the eigenvalues lie in (1 ± √γ)². With
/// λ = 1 + γ + 2√γ cos θ the density becomes 2 sin²θ / (π λ) over θ in 0…π, which has no edges.
private struct MarchenkoPastur {
  let rank: Double  // non-zero eigenvalues
  let nodes: [(value: Double, weight: Double)]

  init(samples: Int, dimensions: Int) {
    let large = Double(max(1, samples, dimensions))
    rank = Double(max(1, min(samples, dimensions)))
    let ratio = rank / large
    let steps = 4096
    nodes = (0..<steps).map { step in
      let angle = (Double(step) + 0.5) * .pi / Double(steps)
      let value = 1 + ratio + 2 * ratio.squareRoot() * cos(angle)
      return (value, 2 * sin(angle) * sin(angle) / (.pi * value) * .pi / Double(steps))
    }
  }

  private func mean(_ function: (Double) -> Double) -> Double {
    let total = nodes.reduce(0) { $0 + $1.weight }
    return nodes.reduce(0) { $0 + $1.weight * function($1.value) } / total
  }

  func exponentialEntropy(_ transform: (Double) -> Double) -> Double {
    let average = mean(transform)
    let product = mean { value in
      let x = transform(value)
      return x > 0 ? x * log(x) : 0
    }
    return rank * average * exp(-product / average)
  }

  var participationRatio: Double {
    let average = mean { $0 }
    return rank * average * average / mean { $0 * $0 }
  }
}
