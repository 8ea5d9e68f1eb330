import Torch

/// Where slices come from: their volumes (int64, N) and positions along the normal in mm (float32, N).
public struct SliceTags {
  /// Ordinals of the volumes in the slice store, int64.
  public var volumes: Tensor
  /// Millimetres along the slice normal, float32.
  public var positions: Tensor

  /// Tags of N slices.
  public init(volumes: Tensor, positions: Tensor) {
    self.volumes = volumes
    self.positions = positions
  }

  /// Tags of N slices from host memory.
  public init(
    volumes: [Int32], positions: [Float], device: Device = .cpu
  ) throws(TorchError) {
    let wide = volumes.map(Int64.init)
    self.volumes = try Tensor(wide, [wide.count], device: device)
    self.positions = try Tensor(positions, [positions.count], device: device)
  }
}

/// The last K keys of past batches, with where they come from: a ring buffer (MoCo, section 3.2).
///
/// Only real keys count: until K of them have come, `isFull` is false and nothing is to be learned
/// from it. K is a multiple of the batch size, so a batch never wraps around the end.
public struct KeyQueue {
  /// Keys of length 1, K×D.
  public let keys: Tensor
  /// Where they come from.
  public let tags: SliceTags
  /// Where the next batch goes, 0..<K.
  public private(set) var pointer = 0
  /// How many keys are real, 0...K.
  public private(set) var filled = 0

  /// Room for `capacity` keys of `width` dimensions.
  public init(capacity: Int, width: Int, device: Device = .cpu) {
    precondition(capacity > 0 && width > 0, "a queue of \(capacity) keys of \(width) dimensions")
    keys = .zeros([capacity, width], device: device)
    tags = SliceTags(
      volumes: .full([capacity], -1, .int64, device: device),
      positions: .zeros([capacity], device: device))
  }

  /// Keys that fit.
  public var capacity: Int { keys.shape[0] }

  /// Whether K real keys have come.
  public var isFull: Bool { filled == capacity }

  /// Puts a batch of keys, B×D, in the place of the oldest.
  public mutating func enqueue(_ batch: Tensor, _ batchTags: SliceTags) {
    let count = batch.shape[0]
    precondition(
      capacity.isMultiple(of: count), "a queue of \(capacity) keys takes no batches of \(count)")
    let place = pointer..<pointer + count
    withoutGradients {
      keys[place].copy(from: batch)
      tags.volumes[place].copy(from: batchTags.volumes)
      tags.positions[place].copy(from: batchTags.positions)
    }
    pointer = place.upperBound % capacity
    filled = min(capacity, filled + count)
  }

  /// The queue of a resolved recipe; nil where the negatives come from the batch.
  init?(_ recipe: PretrainRecipe, device: Device) {
    guard recipe.queue > 0 else { return nil }
    self.init(capacity: recipe.queue, width: recipe.dimensions, device: device)
  }

  /// What a checkpoint keeps, under names with this prefix.
  func tensors(_ prefix: String) -> [String: Tensor] {
    [
      prefix + "keys": keys, prefix + "volumes": tags.volumes, prefix + "positions": tags.positions,
    ]
  }

  /// The numbers that a checkpoint keeps.
  func counters(_ prefix: String) -> [String: Int] {
    [prefix + "pointer": pointer, prefix + "filled": filled]
  }

  /// Takes them up; false when they lie outside the queue.
  mutating func restore(_ counters: [String: Int], _ prefix: String) -> Bool {
    guard let pointer = counters[prefix + "pointer"], let filled = counters[prefix + "filled"],
      pointer < capacity, filled <= capacity
    else { return false }
    (self.pointer, self.filled) = (pointer, filled)
    return true
  }

  /// The length of a queue for `slices` slices in batches of `batch`: `wanted`, or (0) the largest
  /// multiple of the batch that leaves a batch's worth of slices out, at most 65,536. 0: the negatives
  /// come from the batch, since there are fewer than two batches of slices.
  ///
  /// A queue longer than the data set would hold older keys of the query's own slice.
  ///
  /// - Throws: ``PretrainError/queueDoesNotFit`` when `wanted` is no multiple of the batch, or too long.
  public static func capacity(
    wanted: Int, slices: Int, batch: Int
  ) throws(PretrainError) -> Int {
    if slices < 2 * batch { return 0 }
    let longest = min(65_536, slices - batch) / batch * batch
    if wanted == 0 { return longest }
    guard wanted > 0, wanted.isMultiple(of: batch), wanted <= slices - batch else {
      throw .queueDoesNotFit(queue: wanted, batch: batch, slices: slices)
    }
    return wanted
  }
}
