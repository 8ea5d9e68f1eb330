import SliceStore

/// What becomes of slices that are nearly the slice before them.
public enum NearDuplicates: String, Codable, Sendable, CaseIterable {
  /// They are learned from like others.
  case keep
  /// Pretraining leaves them out. They stay in the store: fine-tuning and prediction see every slice.
  case drop
}

extension SliceStore {
  /// Tells of each of the slices, given in rising order, whether it is a near-duplicate: one whose correlation with the
  /// last slice of its volume that was none is at least `similarity`.
  ///
  /// Look-alike neighbours slow contrast down and make it worse (*Less is More*, arXiv 2410.14524). The correlation is
  /// Pearson's, of the prepared slices averaged to at most 32 × 32 cells, all channels together; it sees no change of
  /// brightness or contrast. Two slices that are constant are alike. One slice is in memory at a time.
  public func findNearDuplicates(
    among slices: some Sequence<Int>, similarity: Double,
    _ tell: (_ slice: Int, _ isNear: Bool) throws -> Void
  ) throws {
    var kept: (volume: Int, thumbnail: Thumbnail)?
    var pixels = [Int16](repeating: 0, count: attributes.sliceCount)
    for slice in slices {
      try pixels.withUnsafeMutableBufferPointer { try readImage(slice, into: $0) }
      let (volume, thumbnail) = (entry(slice).volume, Thumbnail(pixels, attributes))
      let isNear =
        kept.map {
          $0.volume == volume && thumbnail.correlation(with: $0.thumbnail) >= similarity
        } ?? false
      if !isNear { kept = (volume, thumbnail) }
      try tell(slice, isNear)
    }
  }
}

/// A slice at low resolution, less its mean, of length 1; all zero for a constant one.
private struct Thumbnail {
  private static let side = 32
  private var cells: [Double]

  init(_ pixels: [Int16], _ store: SliceStoreAttributes) {
    let (height, width) = (store.height, store.width)
    let (rows, columns) = (min(Self.side, height), min(Self.side, width))
    cells = [Double](repeating: 0, count: store.channels * rows * columns)
    for channel in 0..<store.channels {
      for y in 0..<height {
        let line = (channel * height + y) * width
        let row = (channel * rows + y * rows / height) * columns
        for x in 0..<width { cells[row + x * columns / width] += Double(pixels[line + x]) }
      }
    }
    average(rows, columns, height, width)
    let mean = cells.reduce(0, +) / Double(cells.count)
    let length = cells.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    // Sums of equal numbers may differ in their last bits only.
    let varies = length > 1e-12 * Double(cells.count) * max(1, abs(mean))
    cells = cells.map { varies ? ($0 - mean) / length : 0 }
  }

  /// Divides each cell's sum by the pixels that fell into it.
  private mutating func average(_ rows: Int, _ columns: Int, _ height: Int, _ width: Int) {
    func counts(_ cells: Int, _ pixels: Int) -> [Double] {
      (0..<pixels).reduce(into: [Double](repeating: 0, count: cells)) {
        $0[$1 * cells / pixels] += 1
      }
    }
    let (tall, wide) = (counts(rows, height), counts(columns, width))
    for at in cells.indices { cells[at] /= tall[at / columns % rows] * wide[at % columns] }
  }

  /// −1…1; 1 for two constants, 0 for one.
  func correlation(with other: Thumbnail) -> Double {
    let constant = (cells.allSatisfy { $0 == 0 }, other.cells.allSatisfy { $0 == 0 })
    if constant.0 && constant.1 { return 1 }
    return zip(cells, other.cells).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
