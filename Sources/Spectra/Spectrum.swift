import CBLAS
import Foundation

/// How many of its dimensions a set of embeddings uses, beside what isotropic noise would score.
///
/// All sums are in float64. A score means something only beside the ceiling of the same N and D:
/// 128 perfectly isotropic embeddings of 128 dimensions score about 78, not 128.
public struct Spectrum: Codable, Sendable, Equatable {
  /// Number of embeddings, N.
  public var samples: Int
  /// Dimensions of an embedding, D.
  public var dimensions: Int
  /// Singular values of the N×D matrix as it is (not centred), largest first: min(N, D) of them.
  public var singularValues: [Double]
  /// Eigenvalues of the covariance, largest first: min(degrees of freedom, D) of them.
  public var eigenvalues: [Double]
  /// What the embeddings score.
  public var scores: Scores
  /// What isotropic noise of the same N and D scores.
  public var ceiling: Scores

  /// The spectrum of N embeddings of D dimensions, row after row.
  ///
  /// - Throws: ``SpectraError`` when the count is wrong, fewer than two are given, or one is not
  ///   finite.
  public init(_ embeddings: [Float], samples: Int, dimensions: Int) throws(SpectraError) {
    let matrix = try Matrix(embeddings, rows: samples, columns: dimensions)
    guard samples > 1 else { throw .tooFewSamples(samples) }
    try self.init(matrix, centred: matrix.centred(), freedom: samples - 1)
  }

  /// The spectrum of deviations: `matrix` and its centred twin, from which means were taken away.
  init(_ matrix: Matrix, centred: Matrix, freedom: Int) throws(SpectraError) {
    samples = matrix.rows
    dimensions = matrix.columns
    singularValues = try matrix.singularValues()
    let spread = try centred.singularValues().prefix(min(freedom, matrix.columns))
    eigenvalues = spread.map { $0 * $0 / Double(freedom) }
    scores = Scores(
      rankMe: exponentialEntropy(singularValues, floor: 1e-7),
      effectiveRank: exponentialEntropy(eigenvalues),
      participationRatio: participationRatio(eigenvalues),
      correlation: try centred.meanCorrelation())
    ceiling = .ceiling(samples: samples, dimensions: dimensions, freedom: freedom)
  }

  /// The share of the ceiling that the effective rank reaches, 0…1.
  public var share: Double { min(1, scores.effectiveRank / max(ceiling.effectiveRank, 1)) }

  /// Under this share of the ceiling features are called collapsed.
  public static let collapsedShare = 0.1
  /// Under this share of the ceiling features are called partly collapsed.
  public static let partlyCollapsedShare = 1.0 / 3

  /// The finding in words: "not collapsed: 61 of 128 dimensions, ceiling 104".
  ///
  /// Collapsed is under a tenth of what noise scores, partly collapsed under a third; the
  /// dimensions are the effective rank.
  public var verdict: String {
    let figures =
      "\(Self.rounded(scores.effectiveRank)) of \(dimensions) dimensions, ceiling "
      + "\(Self.rounded(ceiling.effectiveRank))"
    if scores.effectiveRank == 0 { return "collapsed to one point: \(figures)" }
    if share < Self.collapsedShare { return "collapsed: \(figures)" }
    return (share < Self.partlyCollapsedShare ? "partly collapsed: " : "not collapsed: ") + figures
  }

  /// A number of dimensions as people read it: `5.2`, `61`.
  public static func rounded(_ value: Double) -> String {
    value < 10 ? String(format: "%.1f", value) : String(Int(value.rounded()))
  }

  /// One line of a table: the four scores, each as `score / ceiling`, and the share.
  public var row: [String] {
    func pair(_ path: KeyPath<Scores, Double>, _ format: String) -> String {
      String(format: "\(format) / \(format)", scores[keyPath: path], ceiling[keyPath: path])
    }
    return [
      "\(samples)×\(dimensions)", pair(\.rankMe, "%.1f"), pair(\.effectiveRank, "%.1f"),
      pair(\.participationRatio, "%.1f"), pair(\.correlation, "%.3f"),
    ]
  }

  /// What the columns of ``row`` are.
  public static let columns = [
    "N×D", "RankMe / ceiling", "effective rank / ceiling", "participation / ceiling",
    "mean |r| / noise",
  ]
}
