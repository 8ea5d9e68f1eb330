import DICOM
import Imaging
import NIfTI
import SliceStore

/// A volume as a worker handed it over, every field of it checked again.
package struct ReadVolume: Sendable {
  var volume: VolumeShape
  /// The voxels; empty while they are still to be read.
  var bytes: [UInt8] = []
  var flags: [String]
  var niftiHeader: NIfTIHeader?
  var timeStep: Double?

  var whole: Volume { Volume(volume, bytes: bytes) }
}

extension Worker {
  /// Reads headers; `each` gets an answer for every item, in order, and the bytes that it came in.
  ///
  /// An item that ends the worker is answered with a fault of its own, and the rest goes on in a
  /// new worker.
  package func scan(
    _ items: [ScanItem], each: (ScanItem, ScanAnswer, _ packed: [UInt8]?) throws -> Void
  ) throws {
    var rest = items[...]
    while !rest.isEmpty {
      resetPlace()
      let sent = rest
      do throws(WorkerFailure) {
        try send(WorkerRequest.scan(Array(sent), limits))
      } catch {
        try each(rest.removeFirst(), .refused(Fault(error)), nil)
        continue
      }
      while let item = rest.first {
        let (answer, packed): (ScanAnswer, [UInt8])
        do throws(WorkerFailure) {
          (answer, packed) = try receivePacked(ScanAnswer.self)
          try check(answer, for: item)
          allowTime()
        } catch {
          // Answers come together: those before the file at hand were lost with the worker.
          let culprit = min(max(rest.startIndex, sent.startIndex + place), sent.endIndex - 1)
          try scan(Array(rest[..<culprit]), each: each)
          rest = rest[culprit...]
          try each(rest.removeFirst(), .refused(Fault(error)), nil)
          break
        }
        rest.removeFirst()
        try each(item, answer, packed)
      }
    }
  }

  private func check(_ answer: ScanAnswer, for item: ScanItem) throws(WorkerFailure) {
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
  }

  /// Reads a NIfTI file; its fourth dimension is channels or time.
  package func read(nifti path: String, channels: Bool) throws(Fault) -> ReadVolume {
    try read(.nifti(path: path, channels: channels, limits))
  }

  /// Reads the pixels of a DICOM file, with what its header says of them as flags.
  package func read(pixels path: String) throws(Fault) -> ReadVolume {
    try read(.pixels(path: path, limits))
  }

  /// A NIfTI file to be written as it is read: a large one stays in the memory of the worker that has
  /// read it.
  func source(
    nifti path: String, channels: Bool
  ) throws(Fault) -> (read: ReadVolume, source: VolumeSource) {
    let said = try describe(.nifti(path: path, channels: channels, limits))
    return try faults { () throws(WorkerFailure) in
      var (read, count) = try checked(said)
      guard count > Self.heldBytes else {
        read.bytes = try takePayload(count)
        return (read, VolumeSource(read.whole))
      }
      let (memory, size) = (try takeMemory(count), read.volume.sliceBytes)
      return (
        read,
        source(read.volume) { _, slice, _, buffer in
          try memory.read(at: slice * size, into: buffer)
        }
      )
    }
  }

  /// Bytes of a volume that the parent may hold whole: fewer are not worth another process.
  private static let heldBytes = 64 << 20

  private func read(_ request: WorkerRequest) throws(Fault) -> ReadVolume {
    let said = try describe(request)
    return try faults { () throws(WorkerFailure) in
      var (read, count) = try checked(said)
      read.bytes = try takePayload(count)
      return read
    }
  }

  private func describe(_ request: WorkerRequest) throws(Fault) -> VolumeDescription {
    let answer = try faults { () throws(WorkerFailure) in
      try send(request)
      return try receive(VolumeAnswer.self)
    }
    switch answer {
    case .volume(let said): return said
    case .refused(let fault): throw fault
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

  /// The volume that a worker says is in the shared memory, and its bytes there.
  private func checked(
    _ said: VolumeDescription
  ) throws(WorkerFailure) -> (read: ReadVolume, count: Int) {
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
    let shape = VolumeShape(
      grid: said.grid, leading: said.leading, type: said.type, scaling: said.scaling)
    let read = ReadVolume(
      volume: shape, flags: said.flags, niftiHeader: header, timeStep: said.timeStep)
    return (read, count)
  }
}
