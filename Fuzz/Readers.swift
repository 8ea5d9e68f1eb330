// The calls through which hostile bytes reach the parsers.
import Cohort
import DICOM
import Foundation
import Imaging
import NIfTI
import SliceStore
import Torch
import Zarr

func readDICOM(_ bytes: [UInt8]) {
  var limits = DICOMFile.Limits()
  limits.decodedBytes = 1 << 20
  limits.elements = 100_000
  do throws(DICOMError) {
    let file = try DICOMFile(bytes: bytes, limits: limits)
    let header = try file.header()
    _ = DICOMSeries.group([header])
    if header.labelObject != nil {
      let grid = Grid(size: SIMD3(8, 8, 8), affine: .identity)
      _ = try file.structures(on: grid, threshold: 0.5)
    }
    // OpenJPEG 2.5.0 ends the process by an assertion on damaged HTJ2K blocks, which in an ingest
    // costs a worker and that file; here it would hide everything behind it.
    guard let format = header.pixels, !file.transferSyntax.hasPrefix("1.2.840.10008.1.2.4.20")
    else { return }
    var frame = [UInt8](repeating: 0, count: format.frameBytes)
    for index in 0..<min(format.frames, 4) {
      let outcome = frame.withUnsafeMutableBytes { target in
        Result { () throws(DICOMError) in
          try file.decode(frame: index, format: format, into: target)
        }
      }
      try outcome.get()
    }
  } catch {
    check(error.description)
  }
}

func readNIfTIHeader(_ bytes: [UInt8]) {
  do throws(NIfTIError) {
    let header = try NIfTIHeader(base64: Data(bytes.prefix(540)).base64EncodedString())
    precondition(header.grid.affine.isRegular, "a header whose grid spans no volume")
  } catch {
    check(error.description)
  }
}

func readZarrMetadata(_ bytes: [UInt8]) {
  do throws(ZarrError) {
    let metadata = try ArrayMetadata(
      json: try JSON(text: bytes, path: "zarr.json"), path: "zarr.json")
    let again = try ArrayMetadata(json: metadata.json, path: "zarr.json")
    precondition(again == metadata, "metadata that change when they are written and read again")
  } catch {
    check("\(error)")
  }
}

/// The shard of a small array, its chunks of 8 × 8 int16 in zstd: as it is, and with a checksum that
/// fits its index, which random bytes hardly have.
func readShard(_ bytes: [UInt8]) {
  readShard(file: bytes)
  let body = bytes.dropLast(4)
  let sum = CRC32C.checksum(Array(body.suffix(ShardIndex.size(count: 8, checksum: false))))
  readShard(file: body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) })
}

private func readShard(file bytes: [UInt8]) {
  let metadata = ArrayMetadata(
    shape: [8, 8, 8], type: .int16, shard: [8, 8, 8], chunk: [1, 8, 8], codec: .zstd(level: 1))
  do throws(ZarrError) {
    let file = try OpenFile(try scratch.path(holding: bytes))
    let index = try ShardIndex(file, metadata: metadata)
    var chunk = [UInt8](repeating: 0, count: metadata.chunkBytes)
    for place in index.places.compactMap({ $0 }) {
      let outcome = chunk.withUnsafeMutableBytes { target in
        Result { () throws(ZarrError) in
          try file.read(place, codec: metadata.codec, chunk: "", into: target)
        }
      }
      try outcome.get()
    }
  } catch {
    check("\(error)")
  }
}

/// A chunk of 64 × 64 int16: the first byte chooses the codec, the rest is the frame.
func readChunk(_ bytes: [UInt8]) {
  let codecs: [ChunkCodec] = [
    .blosc(level: 1, typeSize: 2), .zstd(level: 1), ChunkCodec(crc32c: true),
    ChunkCodec(.blosc(name: "zstd", level: 1, shuffle: .shuffle, typeSize: 2)),
  ]
  guard let first = bytes.first else { return }
  readChunk(Array(bytes.dropFirst()), codecs[Int(first) % codecs.count], 64 * 64 * 2)
}

func readChunk(_ bytes: [UInt8], _ codec: ChunkCodec, _ count: Int) {
  var target = [UInt8](repeating: 0, count: count)
  let outcome = target.withUnsafeMutableBytes { target in
    bytes.withUnsafeBytes { stored in
      Result { () throws(ChunkFault) in try codec.decode(stored, into: target) }
    }
  }
  if case .failure(let fault) = outcome { check("\(fault)") }
}

/// A slice store whose flat files may say anything: every slice is read or refused.
func readSlices(_ program: inout Program) {
  StoreEdits.slices.write(&program)
  do {
    let store = try SliceStore(
      StoreEdits.slices.path, mappedIndex: program.pick([64 << 20, 0]))
    for volume in store.volumes {
      precondition(volume.canvas.sliceCount == 4 * 8, "a canvas unlike the store's slices")
      precondition(volume.source.count > 0, "a source without voxels")
      _ = volume.canvas.position(ofSlice: 0)
    }
    store.willRead(Array(0..<store.count))
    var image = [Int16](repeating: 0, count: store.attributes.sliceCount)
    var label = [UInt8](repeating: 0, count: image.count)
    for n in 0..<store.count {
      precondition(store.entry(n).volume < store.volumes.count, "a slice of no volume")
      do { try image.withUnsafeMutableBufferPointer { try store.readImage(n, into: $0) } } catch {
        check("\(error)")
      }
      do {
        _ = try label.withUnsafeMutableBufferPointer { try store.readLabel(n, into: $0) }
      } catch { check("\(error)") }
    }
  } catch {
    check("\(error)")
  }
}

func readCohort(_ program: inout Program) {
  StoreEdits.cohort.write(&program)
  do {
    let store = try CohortStore(StoreEdits.cohort.path)
    for n in 0..<store.sliceCount { _ = store.slice(n) }
  } catch {
    check("\(error)")
  }
}

/// What the parent makes of a worker's answer: bytes that a worker may have been made to write.
func readFields(_ bytes: [UInt8]) {
  _ = try? PackedDecoder.decode(ScanAnswer.self, bytes)
  var headers: [DICOMHeader] = []
  if let header = bytes.withUnsafeBytes(DICOMHeader.init(fieldBytes:)) { headers = [header] }
  if let series = bytes.withUnsafeBytes(DICOMSeries.init(fieldBytes:)) { headers = series.headers }
  for header in headers {
    let packed = header.fieldBytes
    let again = packed.withUnsafeBytes(DICOMHeader.init(fieldBytes:))
    precondition(again?.fieldBytes == packed, "a header that changes when it is packed again")
  }
  // What the parent groups has passed this check.
  headers.removeAll { !$0.isPlausible(path: $0.identity.path) }
  let grouping = DICOMSeries.group(headers)
  for refusal in grouping.refused { check(refusal.error.description) }
}

func readSafeTensors(_ bytes: [UInt8]) {
  do throws(TorchError) {
    let path = try Result { () throws(ZarrError) in try scratch.path(holding: bytes) }
      .mapError { TorchError.archive(path: "", reason: "\($0)") }.get()
    let header = try SafeTensorsHeader(reading: path)
    let claimed = header.entries.values.reduce(0) { $0 + $1.bytes.count }
    precondition(claimed <= bytes.count, "tensors of more bytes than the file has")
  } catch {
    check("\(error)")
  }
}

/// A refusal has a sentence.
private func check(_ sentence: String) {
  precondition(!sentence.isEmpty, "a refusal without words")
}

/// A file in memory, for readers that take paths.
private let scratch = Scratch()

private struct Scratch {
  private let descriptor: Int32

  init() {
    var name = Array("/tmp/lamina-fuzz-XXXXXX".utf8CString)
    descriptor = mkstemp(&name)
    unlink(name)
  }

  func path(holding bytes: [UInt8]) throws(ZarrError) -> String {
    ftruncate(descriptor, 0)
    let written = bytes.isEmpty ? 0 : pwrite(descriptor, bytes, bytes.count, 0)
    precondition(written == bytes.count, "no room for the input")
    return "/proc/self/fd/\(descriptor)"
  }
}
