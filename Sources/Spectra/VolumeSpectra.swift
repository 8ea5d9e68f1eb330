/// Spectra of the embeddings of slices, across volumes and within them.
///
/// Slices of one volume look alike, which is the paper's cause of collapse; so a spectrum of all
/// slices alone may hide that volumes differ while slices of a volume do not, or the reverse.
public struct VolumeSpectra: Codable, Sendable, Equatable {
  /// Every slice is a sample.
  public var all: Spectrum
  /// The mean of every volume is a sample; nil with fewer than two volumes.
  public var across: Spectrum?
  /// Every slice less the mean of its volume is a sample; nil when no volume has two slices.
  public var within: Spectrum?

  /// Spectra of N embeddings of D dimensions, row after row, each of the volume that `volumes` says.
  ///
  /// - Throws: ``SpectraError`` when the counts do not agree, fewer than two embeddings are given,
  ///   or one is not finite.
  public init(
    _ embeddings: [Float], volumes: [Int32], dimensions: Int
  ) throws(SpectraError) {
    let matrix = try Matrix(embeddings, rows: volumes.count, columns: dimensions)
    guard volumes.count > 1 else { throw .tooFewSamples(volumes.count) }
    all = try Spectrum(matrix, centred: matrix.centred(), freedom: matrix.rows - 1)
    let (groups, count) = Self.numbered(volumes)
    let (means, deviations) = matrix.centred(groups: groups, count: count)
    if count > 1 {
      across = try Spectrum(means, centred: means.centred(), freedom: count - 1)
    }
    if matrix.rows > count {
      within = try Spectrum(deviations, centred: deviations, freedom: matrix.rows - count)
    }
  }

  /// Volumes numbered from 0 in the order of their first slice.
  private static func numbered(_ volumes: [Int32]) -> (groups: [Int], count: Int) {
    var numbers: [Int32: Int] = [:]
    let groups = volumes.map { volume in
      if let known = numbers[volume] { return known }
      numbers[volume] = numbers.count
      return numbers.count - 1
    }
    return (groups, numbers.count)
  }
}
