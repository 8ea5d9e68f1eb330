import CBLAS

/// A row-major N×D matrix of float64, with what LAPACK is asked about it.
struct Matrix {
  let rows: Int
  let columns: Int
  var values: [Double]

  init(_ values: [Float], rows: Int, columns: Int) throws(SpectraError) {
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard rows >= 0, columns > 0, !overflow, values.count == count else {
      throw .wrongCount(values: values.count, samples: rows, dimensions: columns)
    }
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(sample: bad / columns)
    }
    self.rows = rows
    self.columns = columns
    self.values = values.map(Double.init)
  }

  init(_ values: [Double], rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The rows less their mean.
  func centred() -> Matrix {
    centred(groups: Array(repeating: 0, count: rows), count: 1).deviations
  }

  /// The means of groups of rows, and the rows less their group's mean.
  ///
  /// `groups` names the group of every row, 0..<`count`, each of which holds a row.
  func centred(groups: [Int], count: Int) -> (means: Matrix, deviations: Matrix) {
    var means = [Double](repeating: 0, count: count * columns)
    var sizes = [Double](repeating: 0, count: count)
    for row in 0..<rows {
      sizes[groups[row]] += 1
      for column in 0..<columns {
        means[groups[row] * columns + column] += values[row * columns + column]
      }
    }
    for group in 0..<count {
      for column in 0..<columns { means[group * columns + column] /= sizes[group] }
    }
    var deviations = values
    for row in 0..<rows {
      for column in 0..<columns {
        deviations[row * columns + column] -= means[groups[row] * columns + column]
      }
    }
    return (
      Matrix(means, rows: count, columns: columns),
      Matrix(deviations, rows: rows, columns: columns)
    )
  }

  /// min(N, D) singular values, largest first (LAPACK dgesdd, values only).
  func singularValues() throws(SpectraError) -> [Double] {
    var work = values  // dgesdd overwrites it; row-major N×D is column-major D×N, same values
    var singular = [Double](repeating: 0, count: min(rows, columns))
    let code = blas_singular_values(Int32(columns), Int32(rows), &work, &singular)
    try Self.checkLibrary()
    guard code == 0 else { throw .noConvergence(code: Int(code)) }
    return singular
  }

  private static func checkLibrary() throws(SpectraError) {
    if let failure = blas_failure() { throw .noLibrary(reason: String(cString: failure)) }
  }

  /// Mean |correlation| of two different columns of a centred matrix; constant columns are left out.
  func meanCorrelation() throws(SpectraError) -> Double {
    var gram = [Double](repeating: 0, count: columns * columns)  // D×D, upper half
    _ = blas_gram(Int32(rows), Int32(columns), values, &gram)
    try Self.checkLibrary()
    let norms = (0..<columns).map { gram[$0 * columns + $0].squareRoot() }
    let used = (0..<columns).filter { norms[$0] > 0 }
    guard used.count > 1 else { return used.isEmpty ? 0 : 1 }
    var sum = 0.0
    for (place, i) in used.enumerated() {
      for j in used[(place + 1)...] { sum += abs(gram[i * columns + j]) / (norms[i] * norms[j]) }
    }
    return sum / Double(used.count * (used.count - 1) / 2)
  }
}
