import DICOM
import Imaging
import SliceStore
import Zarr

/// A series that workers are to decode: the request for it, packed once for all of them.
final class SeriesReading: Sendable {
  let series: DICOMSeries
  fileprivate let request: [UInt8]

  init(_ series: DICOMSeries, limits: WorkerLimits) throws(Fault) {
    guard series.byteCount > 0, series.byteCount <= limits.volumeBytes,
      let request = try? Frames.encode(WorkerRequest.dicom(series.forDecoding, limits))
    else { throw Fault(.limit, "the volume would have \(series.byteCount) bytes") }
    (self.series, self.request) = (series, request)
  }

  /// The path of a file by a number that a worker said.
  fileprivate func path(_ file: Int) -> String {
    series.headers[min(max(0, file), series.headers.count - 1)].identity.path
  }
}

extension Worker {
  /// Has the process decode slices of a series. A fault names the file at which it happened.
  private func decode(_ slices: Range<Int>, of reading: SeriesReading) throws(Fault) {
    let answer = try faults(of: reading) { () throws(WorkerFailure) in
      try hold(reading)
      // Each file holds a slice, so there are no more files than slices.
      try send(
        WorkerRequest.slices(first: slices.lowerBound, count: slices.count), files: slices.count)
      return try receive(SlicesAnswer.self, files: slices.count)
    }
    if case .refused(let fault) = answer {
      notePlace()
      throw named(fault, of: reading)
    }
  }

  /// Copies decoded slices, of which the first is the one at `place`.
  private func take(
    from place: Int, of reading: SeriesReading, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Fault) {
    let offset = place * reading.series.shape.sliceBytes
    try faults(of: reading) { () throws(WorkerFailure) in
      try takeSlices(at: offset, into: buffer)
    }
  }

  private func faults<Result>(
    of reading: SeriesReading, _ body: () throws(WorkerFailure) -> Result
  ) throws(Fault) -> Result {
    do throws(WorkerFailure) {
      return try body()
    } catch {
      throw named(Fault(error), of: reading)
    }
  }

  private func named(_ fault: Fault, of reading: SeriesReading) -> Fault {
    Fault(fault.code, "\(reading.path(place)): \(fault.sentence)")
  }

  /// Tells the process of the series whose slices it will be asked for.
  private func hold(_ reading: SeriesReading) throws(WorkerFailure) {
    guard held !== reading else { return }
    try send(reading.request, files: 1)
    held = reading
  }

  /// Decodes a whole series into memory.
  func read(_ series: DICOMSeries) throws(Fault) -> ReadVolume {
    let reading = try SeriesReading(series, limits: limits)
    let size = series.shape.sliceBytes
    var bytes = [UInt8](repeating: 0, count: series.byteCount)
    for window in series.shape.windows {
      let range = window.lowerBound * size..<window.upperBound * size
      let result = bytes.withUnsafeMutableBytes { all in
        Result { () throws(Fault) in
          try decode(window, of: reading)
          try take(from: 0, of: reading, into: UnsafeMutableRawBufferPointer(rebasing: all[range]))
        }
      }
      try result.get()
    }
    return ReadVolume(volume: series.shape, bytes: bytes, flags: series.flags)
  }

  /// A series to be read slice by slice, its parts by every worker that has nothing else to do.
  func source(of series: DICOMSeries) throws(Fault) -> VolumeSource {
    let reading = try SeriesReading(series, limits: limits)
    // While the codec is chosen; what goes wrong shows when slices are asked for.
    if series.shape.windows.count > 1 {
      Crew.others(of: self, for: reading) { try? $0.hold(reading) }
    }
    return source(series.shape) { [self] in
      Crew.withdraw(reading, from: self)
    } ready: { worker, slices in
      try worker.decode(slices, of: reading)
    } fill: { worker, slice, slices, buffer in
      try worker.take(from: slice - slices.lowerBound, of: reading, into: buffer)
    }
  }

  /// A volume whose slices any worker can have ready, some at a time, and then fill a buffer with one by
  /// one: a slice is packed while a second-level cache still holds it. `begin` is called before all are
  /// packed.
  func source(
    _ shape: VolumeShape, begin: @escaping () -> Void = {},
    ready: @escaping @Sendable (Worker, Range<Int>) throws -> Void = { _, _ in },
    fill:
      @escaping @Sendable (
        Worker, _ slice: Int, _ of: Range<Int>, UnsafeMutableRawBufferPointer
      ) throws -> Void
  ) -> VolumeSource {
    let (size, windows) = (shape.sliceBytes, shape.windows)
    return VolumeSource(shape) { [self] slice in
      var bytes = [UInt8](repeating: 0, count: size)
      try ready(self, slice..<slice + 1)
      try bytes.withUnsafeMutableBytes { try fill(self, slice, slice..<slice + 1, $0) }
      return bytes
    } pack: { [self] codec, each in
      begin()
      let part = { @Sendable (worker: Worker, window: Int) in
        try ready(worker, windows[window])
        let memory = worker.scratch(size)
        return try windows[window].map { slice in
          try fill(worker, slice, windows[window], memory)
          return codec.encode(UnsafeRawBufferPointer(memory))
        }
      }
      try Crew.inOrder(windows.count, on: self, part) { try $0.forEach(each) }
    }
  }
}

extension VolumeShape {
  /// Slices that are asked for at once: about as many as a second-level cache holds, so that what a worker
  /// has decoded is still there when it is copied and packed. They are fewer towards the end, so that all
  /// threads end together.
  fileprivate var windows: [Range<Int>] {
    let most = max(1, (1 << 20) / sliceBytes)
    var windows: [Range<Int>] = []
    var start = 0
    while start < sliceCount {
      let step = min(most, max((most + 3) / 4, (sliceCount - start) / 4))
      windows.append(start..<min(start + step, sliceCount))
      start = windows.last?.upperBound ?? sliceCount
    }
    return windows
  }
}
