/// Why embeddings have no spectrum.
public enum SpectraError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The numbers do not fill N rows of D: `values` numbers for `samples` × `dimensions`.
  case wrongCount(values: Int, samples: Int, dimensions: Int)
  /// Fewer than two embeddings have no spread.
  case tooFewSamples(Int)
  /// Embedding `sample` holds a number that is not finite.
  case notFinite(sample: Int)
  /// LAPACK gave up, with its code.
  case noConvergence(code: Int)
  /// OpenBLAS cannot be opened.
  case noLibrary(reason: String)

  /// One sentence for people.
  public var description: String {
    switch self {
    case .wrongCount(let values, let samples, let dimensions):
      "\(values) numbers are not \(samples) embeddings of \(dimensions) dimensions."
    case .tooFewSamples(let count):
      "A spectrum wants at least two embeddings, and there are \(count)."
    case .notFinite(let sample):
      "Embedding \(sample) holds a number that is not finite: the network has diverged."
    case .noConvergence(let code):
      "LAPACK found no singular values (code \(code))."
    case .noLibrary(let reason):
      "OpenBLAS cannot be opened (\(reason)): install it (Debian and Ubuntu: libopenblas0)."
    }
  }
}
