import Augment

/// B slices with their labels, in host memory.
public struct LabelledBatch: Sendable, Equatable {
  /// The step it belongs to, from 0.
  public var step: Int
  /// Slices, B.
  public var count: Int
  /// Channels, C.
  public var channels: Int
  /// Rows, H.
  public var height: Int
  /// Columns, W.
  public var width: Int
  /// Real values, B×C×H×W.
  public var images: [Float]
  /// Classes, B×H×W; 255 is undecided and must be left out of loss and score.
  public var labels: [UInt8]
  /// What each slice counts, B: 1, or 0 for one without a label.
  public var weights: [Float]
  /// The slices' ordinals in the source, B.
  public var slices: [Int]
  /// The ordinals of their volumes, B.
  public var volumes: [Int32]
  /// Where they lie along their volume's normal, in millimetres, B.
  public var positions: [Float]

  /// Makes one of `slices`; `crop` gives the view of each item.
  init(
    step: Int, slices: [Int], height: Int, width: Int, reader: SliceReader,
    sample: (Int) -> UInt64, crop: (Int) -> LabelledCrop
  ) throws(LoaderError) {
    let source = reader.source
    let plane = height * width
    let length = source.channels * plane
    var images = [Float](repeating: 0, count: slices.count * length)
    var labels = [UInt8](repeating: 255, count: slices.count * plane)
    var weights = [Float](repeating: 0, count: slices.count)
    var chosen = slices
    for (item, slice) in slices.enumerated() {
      try reader.read(slice, sample: sample(item), label: true) { taken, pixels, label in
        chosen[item] = taken
        let crop = crop(item)
        images.withUnsafeMutableBufferPointer {
          let own = UnsafeMutableBufferPointer(rebasing: $0[item * length..<(item + 1) * length])
          crop.view.apply(to: pixels, into: own)
        }
        guard let label else { return }
        weights[item] = 1
        labels.withUnsafeMutableBufferPointer {
          let own = UnsafeMutableBufferPointer(rebasing: $0[item * plane..<(item + 1) * plane])
          crop.apply(toLabel: label, height: source.height, width: source.width, into: own)
        }
      }
    }
    self.step = step
    (count, channels) = (slices.count, source.channels)
    (self.height, self.width) = (height, width)
    (self.images, self.labels, self.weights, self.slices) = (images, labels, weights, chosen)
    volumes = chosen.map { Int32(truncatingIfNeeded: source.volume(of: $0)) }
    positions = chosen.map { source.position(of: $0) }
  }
}
