import CWorker
import DICOM
import Foundation
import Imaging
import NIfTI

/// The worker's side: reads requests until the socket closes.
public enum WorkerMain {
  /// Serves the descriptors that a worker is started with, and ends the process.
  public static func run() -> Never {
    worker_keep_memory()
    serve(control: Int32(WORKER_CONTROL), shared: Int32(WORKER_SHARED))
    exit(0)
  }

  /// Packs and unpacks messages that say nothing: types are looked up when they are used for the first
  /// time, and that is better done before there is work.
  static func practise() {
    let limits = WorkerLimits()
    let requests = [
      WorkerRequest.scan([.blank], limits), .dicom(.blank, limits), .slices(first: 0, count: 1),
    ]
    for request in requests {
      guard let bytes = try? Frames.encode(request) else { continue }
      _ = try? Frames.decode(WorkerRequest.self, Array(bytes.dropFirst(4)))
    }
    _ = try? Frames.encode(ScanAnswer.dicom(.blank))
    _ = try? Frames.encode(SlicesAnswer.decoded)
  }

  /// Serves any pair of descriptors; returns when the other side has closed.
  package static func serve(control: Int32, shared: Int32) {
    let session = Session(control: control, shared: shared)
    while let head = Frames.receive(control, 4, until: .never) {
      let length = Frames.length(head)
      guard length <= Frames.limit,
        let body = Frames.receive(control, length, until: .never),
        let request = try? Frames.decode(WorkerRequest.self, body)
      else { return }
      guard session.answer(request) else { return }
    }
  }
}

/// One worker's descriptors, and the series that it was given.
private final class Session {
  let control: Int32
  let shared: Int32
  private var decoder: Result<SeriesDecoder, Fault>?
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(control: Int32, shared: Int32) { (self.control, self.shared) = (control, shared) }

  deinit { munmap(memory.baseAddress, memory.count) }

  /// Answers a request; false when the parent is gone.
  func answer(_ request: WorkerRequest) -> Bool {
    switch request {
    case .scan(let items, let limits):
      return scan(items, limits)
    case .unpack(let path, let folder, let limits):
      return send(unpack(path, folder, limits))
    case .pixels(let path, let limits):
      return send(volume { () throws(Fault) in try pixels(path, limits) })
    case .dicom(let series, let limits):
      decoder = Result { () throws(DICOMError) in
        try SeriesDecoder(series, limits: limits.dicom)
      }.mapError(Fault.init)
      return true
    case .slices(let first, let count):
      do throws(Fault) {
        try decode(first, count)
        return send(SlicesAnswer.decoded)
      } catch {
        return send(SlicesAnswer.refused(error))
      }
    case .nifti(let path, let channels, let limits):
      return send(volume { () throws(Fault) in try read(path, channels: channels, limits) })
    case .structures(let wanted, let limits): return send(structures(wanted, limits))
    }
  }

  private func send(_ answer: some Encodable) -> Bool {
    guard let bytes = try? Frames.encode(answer) else { return false }
    return worker_send(control, bytes, bytes.count, .max) == 0
  }

  private func volume(_ body: () throws(Fault) -> VolumeDescription) -> VolumeAnswer {
    do throws(Fault) {
      return .volume(try body())
    } catch {
      return .refused(error)
    }
  }

  private func unpack(_ path: String, _ folder: String, _ limits: WorkerLimits) -> UnpackAnswer {
    var unpacking = Unpacking(path, into: folder, limits) { self.send($0) }
    do throws(Fault) {
      return .done(files: try unpacking.run())
    } catch {
      return .refused(error)
    }
  }

  private func structures(
    _ wanted: StructureRequest, _ limits: WorkerLimits
  ) -> StructureAnswer {
    do throws(DICOMError) {
      let (list, bytes) = try DICOMFile.structures(wanted, limits: limits.dicom)
      if bytes.count <= limits.volumeBytes, write(bytes) { return .structures(list) }
      return .refused(Fault(.workerLimit, "\(bytes.count) bytes do not fit the shared memory"))
    } catch {
      return .refused(Fault(error))
    }
  }

  /// Answers items, several at a time where they are quick, and says which one is at hand.
  private func scan(_ items: [ScanItem], _ limits: WorkerLimits) -> Bool {
    guard (try? makeRoom(SlicesAnswer.start)) != nil else { return false }
    var outbox: [UInt8] = []
    var until = Deadline(seconds: 0.05)
    for (place, item) in items.enumerated() {
      memory.storeBytes(of: UInt32(place).littleEndian, as: UInt32.self)
      guard let answer = try? Frames.encode(scan(item, limits)) else { return false }
      outbox += answer
      guard outbox.count >= 1 << 15 || place == items.count - 1 || until.isPast else { continue }
      guard worker_send(control, outbox, outbox.count, .max) == 0 else { return false }
      outbox.removeAll(keepingCapacity: true)
      until = Deadline(seconds: 0.05)
    }
    return true
  }

  private func scan(_ item: ScanItem, _ limits: WorkerLimits) -> ScanAnswer {
    switch item.kind {
    case .dicom:
      do throws(DICOMError) {
        return .dicom(
          try DICOMFile.header(item.path, limits: limits.dicom, digest: item.withPixels))
      } catch {
        return .refused(Fault(error))
      }
    case .nifti:
      do throws(NIfTIError) {
        let header = try NIfTIFile.header(item.path)
        let digest = try digest([item.path] + (item.partner.map { [$0] } ?? []), limits)
        return .nifti(NIfTISummary(digest: digest, grid: header.grid, fourth: header.fourth))
      } catch {
        return .refused(Fault(error))
      }
    }
  }

  private func digest(_ paths: [String], _ limits: WorkerLimits) throws(NIfTIError) -> String {
    var hash = SHA256()
    for path in paths {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else {
        throw .unreadable(path: path, reason: String(cString: strerror(errno)))
      }
      defer { close(file) }
      var (piece, total) = ([UInt8](repeating: 0, count: 1 << 18), 0)
      while true {
        let got = Foundation.read(file, &piece, piece.count)
        guard got > 0 else { break }
        total += got
        guard total <= limits.fileBytes else {
          throw .tooLarge(path: path, bytes: total, limit: limits.fileBytes)
        }
        piece.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
      }
    }
    return hexadecimal(hash.finish())
  }

  /// Decodes slices file by file, so that the parent can see at which one it is.
  private func decode(_ first: Int, _ count: Int) throws(Fault) {
    guard let decoder = try decoder?.get() else { throw Fault(.workerNonsense, "no series") }
    let shape = decoder.series.shape
    guard first >= 0, count > 0, first <= shape.sliceCount - count else {
      throw Fault(.workerNonsense, "slices that the series does not have")
    }
    try makeRoom(SlicesAnswer.start + count * shape.sliceBytes)
    let slices = UnsafeMutableRawBufferPointer(rebasing: memory[SlicesAnswer.start...])
    do throws(DICOMError) {
      try decoder.decode(first..<first + count, into: slices) { file in
        memory.storeBytes(of: UInt32(file).littleEndian, as: UInt32.self)
      }
    } catch {
      throw Fault(error)
    }
  }

  /// Maps the shared memory, which stays mapped: fresh pages cost as much as copying them.
  private func makeRoom(_ count: Int) throws(Fault) {
    var status = stat()
    let isThere =
      fstat(shared, &status) == 0
      && (status.st_size >= count || ftruncate(shared, off_t(count)) == 0)
    guard isThere else { throw Fault(.workerLimit, "no room for \(count) bytes") }
    guard memory.count < count else { return }
    munmap(memory.baseAddress, memory.count)
    let mapped = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0)
    memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw Fault(.workerLimit, "\(count) bytes are more than a worker's memory may be")
    }
    memory = UnsafeMutableRawBufferPointer(start: mapped, count: count)
  }

  private func read(
    _ path: String, channels: Bool, _ limits: WorkerLimits
  ) throws(Fault) -> VolumeDescription {
    let image: NIfTIImage
    do throws(NIfTIError) {
      image = try NIfTIFile.read(
        path, fourth: channels ? .channel : .time,
        limits: NIfTILimits(voxelBytes: limits.volumeBytes))
    } catch {
      throw Fault(error)
    }
    let volume = image.volume
    guard write(volume.bytes) else {
      throw Fault(.workerLimit, "\(volume.bytes.count) bytes do not fit the shared memory")
    }
    return VolumeDescription(
      grid: volume.grid, leading: volume.leading, type: volume.type, scaling: volume.scaling,
      flags: image.findings.map(\.flag), niftiHeader: image.header.base64,
      timeStep: image.header.timeStep)
  }

  fileprivate func write(_ bytes: [UInt8]) -> Bool {
    var written = 0
    return bytes.withUnsafeBytes { source in
      while written < source.count {
        let start = source.baseAddress! + written
        let put = pwrite(shared, start, source.count - written, off_t(written))
        if put < 0 && errno == EINTR { continue }
        guard put > 0 else { return false }
        written += put
      }
      return true
    }
  }
}

extension Session {
  /// The stored values of one file, on a grid of pixels.
  fileprivate func pixels(
    _ path: String, _ limits: WorkerLimits
  ) throws(Fault) -> VolumeDescription {
    do throws(DICOMError) {
      let file = try DICOMFile(path: path, limits: limits.dicom)
      let format = try file.pixelFormat()
      let bytes = try planes(file, format)
      guard write(bytes) else {
        throw .limit(path: path, reason: "\(bytes.count) bytes do not fit the shared memory")
      }
      let size = SIMD3(format.columns, format.rows, format.frames)
      let photometric = format.photometric.replacingOccurrences(of: " ", with: "_")
      return VolumeDescription(
        grid: Grid(size: size, affine: .identity),
        leading: format.samples > 1 ? .channel(format.samples) : .none, type: format.type,
        scaling: .identity,
        flags: [
          "photometric=\(photometric)", "stored=\(format.bitsStored)",
          "syntax=\(file.transferSyntax)",
        ])
    } catch {
      throw Fault(error)
    }
  }

  /// Planes in the order sample, frame.
  private func planes(_ file: DICOMFile, _ format: PixelFormat) throws(DICOMError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: format.frameBytes * format.frames)
    let plane = format.frameBytes / format.samples
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: format.frameBytes, alignment: 16)
    defer { scratch.deallocate() }
    for frame in 0..<format.frames {
      try file.decode(frame: frame, format: format, into: scratch)
      for sample in 0..<format.samples {
        let place = (sample * format.frames + frame) * plane
        bytes.replaceSubrange(
          place..<place + plane, with: scratch[sample * plane..<(sample + 1) * plane])
      }
    }
    return bytes
  }
}
