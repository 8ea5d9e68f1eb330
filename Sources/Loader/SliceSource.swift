/// Where batches come from: slices of one shape, each belonging to a volume.
///
/// A slice store is one; ``MemorySlices`` is another. Reading must be safe from several threads.
public protocol SliceSource: Sendable {
  /// Channels of a slice.
  var channels: Int { get }
  /// Rows of a slice.
  var height: Int { get }
  /// Columns of a slice.
  var width: Int { get }
  /// The real value of one stored step.
  var scale: Float { get }
  /// The real value of a stored 0.
  var offset: Float { get }
  /// How many slices there are.
  var count: Int { get }
  /// The ordinal of the volume that a slice belongs to.
  func volume(of slice: Int) -> Int
  /// Where a slice lies along its volume's normal, in millimetres.
  func position(of slice: Int) -> Float
  /// Whether a slice has a label.
  func hasLabel(_ slice: Int) -> Bool
  /// Says that the pixels of some slices will be read soon; a source on a disk fetches them then.
  func willRead(_ slices: [Int])
  /// Reads stored pixels, C×H×W.
  func readImage(_ slice: Int, into pixels: UnsafeMutableBufferPointer<Int16>) throws
  /// Reads a label, H×W, 255 where undecided; false (and nothing read) if there is none.
  func readLabel(_ slice: Int, into label: UnsafeMutableBufferPointer<UInt8>) throws -> Bool
  /// All slices, by volume; to be had without looking at each where the source knows its volumes.
  func selection() -> SliceSelection
}

extension SliceSource {
  /// Nothing needs fetching from memory.
  public func willRead(_ slices: [Int]) {}

  /// The slices of some volumes.
  public func slices(ofVolumes volumes: some Sequence<Int>) -> SliceSelection {
    selection().part(ofVolumes: volumes)
  }

  /// All slices, found by asking each for its volume.
  public func selection() -> SliceSelection { selection(of: 0..<count) }

  /// The given slices, which must exist.
  public func selection(of slices: some Sequence<Int>) -> SliceSelection {
    SliceSelection(slices) { volume(of: $0) }
  }
}

/// Slices held in memory, for small data and for tests.
public struct MemorySlices: SliceSource {
  /// Channels of a slice.
  public var channels: Int
  /// Rows of a slice.
  public var height: Int
  /// Columns of a slice.
  public var width: Int
  /// The real value of one stored step.
  public var scale: Float = 1
  /// The real value of a stored 0.
  public var offset: Float = 0
  /// The slices.
  public var slices: [Slice]

  /// One slice.
  public struct Slice: Sendable {
    /// Stored pixels, C×H×W.
    public var pixels: [Int16]
    /// Classes, H×W, if there are any.
    public var label: [UInt8]?
    /// The volume's ordinal.
    public var volume: Int
    /// Millimetres along the volume's normal.
    public var position: Float

    /// Makes a slice.
    public init(pixels: [Int16], label: [UInt8]? = nil, volume: Int, position: Float) {
      (self.pixels, self.label, self.volume, self.position) = (pixels, label, volume, position)
    }
  }

  /// Makes a source of slices that all have C×H×W pixels.
  public init(channels: Int, height: Int, width: Int, slices: [Slice]) {
    precondition(
      slices.allSatisfy {
        $0.pixels.count == channels * height * width
          && $0.label.map { $0.count == height * width } ?? true
      }, "slices do not fit their shape")
    (self.channels, self.height, self.width) = (channels, height, width)
    self.slices = slices
  }

  /// How many slices there are.
  public var count: Int { slices.count }
  /// The ordinal of the volume that a slice belongs to.
  public func volume(of slice: Int) -> Int { slices[slice].volume }
  /// Where a slice lies along its volume's normal, in millimetres.
  public func position(of slice: Int) -> Float { slices[slice].position }
  /// Whether a slice has a label.
  public func hasLabel(_ slice: Int) -> Bool { slices[slice].label != nil }

  /// Copies a slice's pixels.
  public func readImage(_ slice: Int, into pixels: UnsafeMutableBufferPointer<Int16>) {
    _ = pixels.update(from: slices[slice].pixels)
  }

  /// Copies a slice's label.
  public func readLabel(_ slice: Int, into label: UnsafeMutableBufferPointer<UInt8>) -> Bool {
    guard let classes = slices[slice].label else { return false }
    _ = label.update(from: classes)
    return true
  }
}
