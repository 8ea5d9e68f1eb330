import Imaging

/// Slices of a volume in memory, the others left out.
struct SliceWindow {
  /// Slices `lead × depth + z`.
  let slices: Range<Int>
  /// Bytes of one slice.
  let sliceBytes: Int
  private let memory: UnsafeMutableRawBufferPointer

  /// `memory` holds the slices one behind another.
  init(_ slices: Range<Int>, of sliceBytes: Int, in memory: UnsafeMutableRawBufferPointer) {
    precondition(memory.count >= slices.count * sliceBytes, "the memory does not hold the slices")
    (self.slices, self.sliceBytes, self.memory) = (slices, sliceBytes, memory)
  }

  /// The memory of a slice; nil for one outside the window.
  subscript(slice: Int) -> UnsafeMutableRawBufferPointer? {
    guard slices.contains(slice) else { return nil }
    let start = (slice - slices.lowerBound) * sliceBytes
    return UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + sliceBytes])
  }
}

/// Decodes a series part by part, in memory of the caller's.
///
/// A file with many frames stays open from one part to the next.
public final class SeriesDecoder {
  /// What is decoded.
  public let series: DICOMSeries
  private let limits: DICOMFile.Limits
  /// The file of each slice.
  private let files: [Int]
  private var blended: (lead: Int, bytes: [UInt8])?
  private var opened: (index: Int, file: DICOMFile)?

  /// Opens nothing yet. Throws ``DICOMError/limit(path:reason:)`` when the volume is above the limits.
  public init(_ series: DICOMSeries, limits: DICOMFile.Limits = .init()) throws(DICOMError) {
    (self.series, self.limits) = (series, limits)
    let count = series.shape.sliceCount
    var files = [Int](repeating: -1, count: count)
    for (file, slices) in series.slices.enumerated() {
      let isColor = series.headers[file].pixels?.isColor ?? false
      for slice in slices where slice >= 0 {
        for channel in 0..<(isColor ? series.color.channels : 1) {
          let place = slice + channel * series.grid.size.z
          if place < count { files[place] = file }
        }
      }
    }
    guard series.byteCount > 0, series.byteCount <= limits.decodedBytes else {
      throw .limit(
        path: series.headers.first?.path ?? "",
        reason: "the volume would have \(series.byteCount) bytes")
    }
    self.files = files
  }

  /// The files that hold some of `slices`, each once, in the order of the slices.
  public func files(of slices: Range<Int>) -> [Int] {
    var seen: Set<Int> = []
    return files[slices].filter { $0 >= 0 && seen.insert($0).inserted }
  }

  /// Decodes slices into `memory`, one behind another: stored values `[y, x]`, little endian.
  ///
  /// `each` hears of every file before it is opened. Throws ``DICOMError`` naming the file.
  public func decode(
    _ slices: Range<Int>, into memory: UnsafeMutableRawBufferPointer, each: (Int) -> Void = { _ in }
  ) throws(DICOMError) {
    guard let blends = series.blends else { return try decodeFiles(slices, into: memory, each) }
    let (depth, size) = (series.grid.size.z, series.shape.sliceBytes)
    for slice in slices {
      let whole = try timePoint(slice / depth, blends, each)
      let place = (slice - slices.lowerBound) * size
      whole.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: memory[place..<place + size]).copyMemory(
          from: UnsafeRawBufferPointer(
            rebasing: $0[slice % depth * size..<(slice % depth + 1) * size]))
      }
    }
  }

  /// All slices of a time point, made of those of its files; the last one is kept.
  private func timePoint(
    _ lead: Int, _ blends: [SliceBlend], _ each: (Int) -> Void
  ) throws(DICOMError) -> [UInt8] {
    if let blended, blended.lead == lead { return blended.bytes }
    let depth = series.grid.size.z
    var bytes = [UInt8](repeating: 0, count: depth * series.shape.sliceBytes)
    let result = bytes.withUnsafeMutableBytes { memory in
      Result { () throws(DICOMError) in
        try decodeFiles(lead * depth..<(lead + 1) * depth, into: memory, each)
        series.interpolate(memory, blends)
      }
    }
    try result.get()
    blended = (lead, bytes)
    return bytes
  }

  private func decodeFiles(
    _ slices: Range<Int>, into memory: UnsafeMutableRawBufferPointer, _ each: (Int) -> Void
  ) throws(DICOMError) {
    let window = SliceWindow(slices, of: series.shape.sliceBytes, in: memory)
    for file in files(of: slices) {
      each(file)
      try series.decode(file: file, try open(file), into: window)
    }
  }

  /// Opens a file and makes sure that it is what its header was read from.
  private func open(_ index: Int) throws(DICOMError) -> DICOMFile {
    if let opened, opened.index == index { return opened.file }
    let header = series.headers[index]
    let file = try DICOMFile(path: header.path, limits: limits)
    let now = try file.describe(digest: true)
    guard String(now.digest, radix: 16) == header.pixelDigest,
      String(now.header, radix: 16) == header.headerDigest
    else { throw .changed(path: header.path) }
    opened = series.slices[index].count > 1 ? (index, file) : nil
    return file
  }
}
