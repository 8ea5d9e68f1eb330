import Augment
import Foundation
import Zarr

/// Reads the slice of a sample, or the one that takes its place.
final class SliceReader: @unchecked Sendable {
  let source: any SliceSource
  private let candidates: SliceSelection
  private let seed: UInt64
  private let policy: BadSlicePolicy
  private let minimumDeviation: Float
  private let lock = NSLock()
  private var bad: [Int: String] = [:]
  private static let attempts = 32

  /// A reader that finds replacements among `candidates`.
  init(
    _ source: any SliceSource, candidates: SliceSelection, seed: UInt64, policy: BadSlicePolicy,
    minimumDeviation: Float
  ) {
    (self.source, self.candidates, self.seed) = (source, candidates, seed)
    (self.policy, self.minimumDeviation) = (policy, minimumDeviation)
  }

  /// The slices that could not be read so far, in rising order.
  var badSlices: [BadSlice] {
    lock.withLock { bad.map { BadSlice(slice: $0.key, reason: $0.value) } }
      .sorted { $0.slice < $1.slice }
  }

  /// Reads `slice` and hands its pixels (and its label, if wanted) to `body`, or those of its
  /// replacement for this sample, which depends on (seed, sample) alone.
  func read<Result>(
    _ slice: Int, sample: UInt64, label wanted: Bool,
    _ body: (Int, SlicePixels, UnsafeBufferPointer<UInt8>?) -> Result
  ) throws(LoaderError) -> Result {
    var generator = Philox(seed: seed, ordinal: sample, stream: Streams.replacement)
    var chosen = slice
    for _ in 0..<SliceReader.attempts {
      if let result = try attempt(chosen, label: wanted, body) { return result }
      chosen = candidates[generator.index(below: candidates.count)]
    }
    throw .noUsableSlice(slice: slice, tried: SliceReader.attempts - 1)
  }

  /// One try; nil when the slice is bad or empty and another may take its place.
  private func attempt<Result>(
    _ slice: Int, label wanted: Bool,
    _ body: (Int, SlicePixels, UnsafeBufferPointer<UInt8>?) -> Result
  ) throws(LoaderError) -> Result? {
    do {
      return try withSlice(slice, label: wanted) { pixels, label in
        let deviation = pixels.statistics.map(\.deviation).max() ?? 0
        guard minimumDeviation <= 0 || deviation >= minimumDeviation else { return nil }
        return body(slice, pixels, label)
      }
    } catch {
      try report(slice, error)
      return nil
    }
  }

  /// Records a slice that cannot be read, or fails, as the policy has it.
  func report(_ slice: Int, _ error: any Error) throws(LoaderError) {
    let reason = String(describing: error)
    guard policy == .replace else { throw .badSlice(slice: slice, reason: reason) }
    lock.withLock { bad[slice] = reason }
  }

  private func withSlice<Result>(
    _ slice: Int, label wanted: Bool,
    _ body: (SlicePixels, UnsafeBufferPointer<UInt8>?) throws -> Result
  ) throws -> Result {
    let plane = source.height * source.width
    let size = 2 * source.channels * plane
    return try withThreadMemory(size + (wanted ? plane : 0)) { memory in
      let pixels = UnsafeMutableRawBufferPointer(rebasing: memory[..<size])
        .bindMemory(to: Int16.self)
      let label = UnsafeMutableRawBufferPointer(rebasing: memory[size...])
        .bindMemory(to: UInt8.self)
      try source.readImage(slice, into: pixels)
      let labelled = wanted ? try source.readLabel(slice, into: label) : false
      let image = SlicePixels(
        UnsafeBufferPointer(pixels), channels: source.channels, height: source.height,
        width: source.width, scale: source.scale, offset: source.offset)
      return try body(image, labelled ? UnsafeBufferPointer(label) : nil)
    }
  }
}

/// Which numbers of a sample or epoch are for what.
enum Streams {
  static let views: UInt32 = 0
  static let regions: UInt32 = 1
  static let order: UInt32 = 2
  static let replacement: UInt32 = 3
  static let foregroundOrder: UInt32 = 4
}
