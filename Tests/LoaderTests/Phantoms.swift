import Augment
import Loader
import Synchronization

/// A source of small slices: `counts[v]` slices of volume v, each of its own pixels; every third
/// slice has a label, and every sixth one of foreground.
func source(_ counts: [Int], height: Int = 12, width: Int = 10) -> MemorySlices {
  var slices: [MemorySlices.Slice] = []
  for (volume, count) in counts.enumerated() {
    for index in 0..<count {
      let n = slices.count
      var generator = Philox(seed: 1, ordinal: UInt64(n))
      let pixels = (0..<height * width).map { _ in Int16(generator.index(below: 1000)) }
      let label = [UInt8](repeating: n % 6 == 0 ? 2 : 0, count: height * width)
      slices.append(
        .init(
          pixels: pixels, label: n % 3 == 0 ? label : nil, volume: volume,
          position: Float(index) * 2.5))
    }
  }
  return MemorySlices(channels: 1, height: height, width: width, slices: slices)
}

/// Crop pairs of 8×8 pixels with four regions.
var smallCrops: CropPairRecipe {
  var recipe = CropPairRecipe()
  recipe.size = 8
  recipe.regions.count = 4
  recipe.regions.points = 2
  return recipe
}

/// A source in which some slices cannot be read.
struct Damaged: SliceSource {
  var whole: MemorySlices
  var bad: Set<Int>

  struct Unreadable: Error, CustomStringConvertible {
    let description = "checksum differs"
  }

  var channels: Int { whole.channels }
  var height: Int { whole.height }
  var width: Int { whole.width }
  var scale: Float { whole.scale }
  var offset: Float { whole.offset }
  var count: Int { whole.count }
  func volume(of slice: Int) -> Int { whole.volume(of: slice) }
  func position(of slice: Int) -> Float { whole.position(of: slice) }
  func hasLabel(_ slice: Int) -> Bool { whole.hasLabel(slice) }

  func readImage(_ slice: Int, into pixels: UnsafeMutableBufferPointer<Int16>) throws {
    if bad.contains(slice) { throw Unreadable() }
    whole.readImage(slice, into: pixels)
  }

  func readLabel(_ slice: Int, into label: UnsafeMutableBufferPointer<UInt8>) throws -> Bool {
    if bad.contains(slice) { throw Unreadable() }
    return whole.readLabel(slice, into: label)
  }
}

/// Slices that note which of them were announced.
final class Announced: SliceSource {
  let slices: MemorySlices
  private let noted = Mutex<[[Int]]>([])
  init(_ slices: MemorySlices) { self.slices = slices }

  var channels: Int { slices.channels }
  var height: Int { slices.height }
  var width: Int { slices.width }
  var scale: Float { slices.scale }
  var offset: Float { slices.offset }
  var count: Int { slices.count }
  /// What was announced, one list a call.
  var announced: [[Int]] { noted.withLock { $0 } }
  func volume(of slice: Int) -> Int { slices.volume(of: slice) }
  func position(of slice: Int) -> Float { slices.position(of: slice) }
  func hasLabel(_ slice: Int) -> Bool { slices.hasLabel(slice) }
  func willRead(_ slices: [Int]) { noted.withLock { $0.append(slices) } }
  func readImage(_ slice: Int, into pixels: UnsafeMutableBufferPointer<Int16>) {
    slices.readImage(slice, into: pixels)
  }
  func readLabel(_ slice: Int, into label: UnsafeMutableBufferPointer<UInt8>) -> Bool {
    slices.readLabel(slice, into: label)
  }
}
