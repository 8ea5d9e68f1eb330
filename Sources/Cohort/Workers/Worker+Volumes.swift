import DICOM
import Imaging
import NIfTI

/// A volume as a worker handed it over, every field of it checked again.
package struct ReadVolume: Sendable {
  var volume: Volume
  var flags: [String]
  var niftiHeader: NIfTIHeader?
  var timeStep: Double?
}

extension Worker {
  /// Reads headers; `each` gets an answer for every item, in order.
  ///
  /// An item that ends the worker is answered with a fault of its own, and the rest goes on in a
  /// new worker.
  package func scan(_ items: [ScanItem], each: (ScanItem, ScanAnswer) throws -> Void) throws {
    var rest = items[...]
    while !rest.isEmpty {
      var sent = false
      do throws(WorkerFailure) {
        try send(WorkerRequest.scan(Array(rest), limits))
        sent = true
      } catch {
        guard let item = rest.popFirst() else { return }
        try each(item, .refused(Fault(error)))
      }
      while sent, let item = rest.first {
        let answer: ScanAnswer
        do throws(WorkerFailure) {
          answer = try checked(try receive(ScanAnswer.self), for: item)
          allowTime()
        } catch {
          answer = .refused(Fault(error))
          sent = false
        }
        rest.removeFirst()
        try each(item, answer)
      }
    }
  }

  private func checked(_ answer: ScanAnswer, for item: ScanItem) throws(WorkerFailure) -> ScanAnswer
  {
    let isRight =
      switch (answer, item.kind) {
      case (.dicom(let header), .dicom): header.isPlausible(path: item.path)
      case (.nifti(let summary), .nifti): summary.isPlausible
      case (.refused(let fault), _): fault.sentence.utf8.count <= 4096
      default: false
      }
    guard isRight else {
      stop()
      throw .nonsense("a header that cannot be right")
    }
    return answer
  }

  /// Decodes a series. A fault names the file at which it happened.
  func read(_ series: DICOMSeries) throws(Fault) -> ReadVolume {
    var file = 0
    do throws(Fault) {
      try faults { () throws(WorkerFailure) in try send(WorkerRequest.dicom(series, limits)) }
      for _ in 0...series.headers.count {
        switch try faults({ () throws(WorkerFailure) in try receive(VolumeAnswer.self) }) {
        case .at(let next):
          file = min(max(0, next), series.headers.count - 1)
          allowTime()
        case .refused(let fault): throw fault
        case .volume: return try take(series)
        }
      }
      stop()
      throw Fault(.workerNonsense, "more answers than there are files")
    } catch {
      throw Fault(error.code, "\(series.headers[file].identity.path): \(error.sentence)")
    }
  }

  /// Reads a NIfTI file; its fourth dimension is channels or time.
  package func read(nifti path: String, channels: Bool) throws(Fault) -> ReadVolume {
    try read(.nifti(path: path, channels: channels, limits))
  }

  /// Reads the pixels of a DICOM file, with what its header says of them as flags.
  package func read(pixels path: String) throws(Fault) -> ReadVolume {
    try read(.pixels(path: path, limits))
  }

  private func read(_ request: WorkerRequest) throws(Fault) -> ReadVolume {
    let answer = try faults { () throws(WorkerFailure) in
      try send(request)
      return try receive(VolumeAnswer.self)
    }
    switch answer {
    case .volume(let said): return try faults { () throws(WorkerFailure) in try take(said) }
    case .refused(let fault): throw fault
    case .at: throw Fault(.workerNonsense, "no volume")
    }
  }

  func faults<Result>(
    _ body: () throws(WorkerFailure) -> Result
  ) throws(Fault) -> Result {
    do throws(WorkerFailure) {
      return try body()
    } catch {
      throw Fault(error)
    }
  }

  /// The parent grouped the slices, so it knows what the volume is.
  private func take(_ series: DICOMSeries) throws(Fault) -> ReadVolume {
    let bytes = try faults { () throws(WorkerFailure) in try takePayload(series.byteCount) }
    let volume = Volume(
      grid: series.grid, leading: series.leading, type: series.type, bytes: bytes,
      scaling: series.scaling)
    return ReadVolume(volume: volume, flags: series.flags)
  }

  private func take(_ said: VolumeDescription) throws(WorkerFailure) -> ReadVolume {
    guard let count = said.byteCount(limit: limits.volumeBytes) else {
      stop()
      throw .nonsense("a volume that cannot be")
    }
    var header: NIfTIHeader?
    if let text = said.niftiHeader {
      guard text.utf8.count <= 1024, let sound = try? NIfTIHeader(base64: text),
        sound.grid.size == said.grid.size
      else {
        stop()
        throw .nonsense("a header that is none")
      }
      header = sound
    }
    let volume = Volume(
      grid: said.grid, leading: said.leading, type: said.type, bytes: try takePayload(count),
      scaling: said.scaling)
    return ReadVolume(
      volume: volume, flags: said.flags, niftiHeader: header, timeStep: said.timeStep)
  }
}
