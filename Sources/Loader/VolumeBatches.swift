import Augment

/// The slices of one volume in their order, untouched, some at a time: for evaluation.
///
///     var batches = VolumeBatches(store, volume: 3, batchSize: 16)
///     while let batch = try batches.next() { … }
///
/// The last batch holds what is left. Labels are 255 where there are none.
public struct VolumeBatches {
  /// The slices, as ordinals of the source.
  public let slices: SliceSelection
  private let batchSize: Int
  private let reader: SliceReader
  private var step = 0

  /// Begins with the first slice of a volume.
  public init(_ source: any SliceSource, volume: Int, batchSize: Int) {
    self.init(source, slices: source.slices(ofVolumes: [volume]), batchSize: batchSize)
  }

  /// Begins with the first of some slices.
  public init(_ source: any SliceSource, slices: SliceSelection, batchSize: Int) {
    precondition(batchSize > 0, "a batch has at least one slice")
    (self.slices, self.batchSize) = (slices, batchSize)
    reader = SliceReader(
      source, candidates: slices, seed: 0, policy: .fail, minimumDeviation: 0)
  }

  /// The next slices, or nil after the last. Throws when one cannot be read.
  public mutating func next() throws(LoaderError) -> LabelledBatch? {
    let first = step * batchSize
    guard first < slices.count else { return nil }
    let (height, width) = (reader.source.height, reader.source.width)
    let crop = LabelledCrop.identity(height: height, width: width)
    let batch = try LabelledBatch(
      step: step, slices: Array(slices[first..<min(first + batchSize, slices.count)]),
      height: height, width: width, reader: reader, sample: { UInt64(first + $0) },
      crop: { _ in crop })
    step += 1
    return batch
  }
}
