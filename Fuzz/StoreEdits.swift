import Foundation
import Imaging
import SliceStore
import Zarr

/// A sound store whose flat files are written anew with some of their numbers changed, checksums that
/// fit again, and records that are twice there or missing.
struct StoreEdits: Sendable {
  let path: String
  private let files: [FlatFile]

  /// Edits the next input's store into shape.
  func write(_ program: inout Program) {
    for file in files {
      let bytes = program.rarely(3) ? file.bytes : file.edited(&program)
      precondition(
        (try? writeFile(bytes, to: path + "/" + file.name, syncing: false)) != nil, "no room")
    }
  }

  /// Two volumes of two and three slices; the first one is labelled.
  static let slices = StoreEdits("slices", flat: ["volumes.index": 4, "slices.index": 20]) {
    let attributes = SliceStoreAttributes(
      channels: 1, height: 4, width: 8, labelNames: [1: "organ"], shardBytes: 256)
    let writer = try SliceStoreWriter($0, attributes: attributes)
    for volume in 0..<2 {
      let grid = Grid(size: SIMD3(8, 4, 2 + volume), affine: .identity)
      let record = SliceVolumeRecord(
        id: "v\(volume)", patient: "p\(volume)", source: grid, canvas: grid, sliceAxis: 2,
        intensity: [ChannelIntensity(lower: 0, upper: 1, shift: 0, scale: 1)])
      try writer.append(
        record, slices: (0..<grid.count).map { Int16($0 * 7) },
        labels: volume == 0 ? [UInt8](repeating: 1, count: grid.count) : nil)
    }
    _ = try writer.finish(split: ["p0": .train, "p1": .test])
  }

  /// One volume of three slices.
  static let cohort = StoreEdits("cohort", flat: ["slices.index": nil]) {
    let volume = Volume(
      grid: Grid(size: SIMD3(8, 4, 3), affine: .identity), values: (0..<96).map { Int16($0) })
    let writer = try CohortWriter($0, shardBytes: 1024)
    let record = CohortVolume(
      id: "v", patient: "p", of: volume, source: .nifti, sourceDigest: "d")
    try writer.add(volume: volume, record: record)
    _ = try writer.finish()
  }

  private init(_ name: String, flat: [String: Int?], _ make: (String) throws -> Void) {
    path = NSTemporaryDirectory() + "lamina-fuzz-\(getpid())-\(name)"
    do {
      try make(path)
      let path = path
      files = try flat.sorted { $0.key < $1.key }.map { name, checksum in
        FlatFile(name: name, bytes: try readFile(path + "/" + name), checksum: checksum)
      }
    } catch {
      preconditionFailure("\(error)")
    }
    stores.append(path)
    if stores.count == 1 {
      atexit { for path in stores { try? FileManager.default.removeItem(atPath: path) } }
    }
  }
}

nonisolated(unsafe) private var stores: [String] = []

/// Header, records of one size, and a checksum: `Sources/SliceStore/RecordFile.swift`.
private struct FlatFile: Sendable {
  let name: String
  let bytes: [UInt8]
  /// How far from its end a record has a checksum of its own.
  let checksum: Int?

  private static let header = 64
  private var size: Int { Int(bytes[12]) | Int(bytes[13]) << 8 }

  func edited(_ program: inout Program) -> [UInt8] {
    var head = Array(bytes[..<Self.header])
    var records = stride(from: Self.header, to: bytes.count - 4, by: size).map {
      Array(bytes[$0..<$0 + size])
    }
    for _ in 0..<program.choice(6) where !records.isEmpty {
      let place = program.choice(records.count)
      switch program.choice(8) {
      case 0: records.insert(records[place], at: place)
      case 1: records.remove(at: place)
      case 2: put(&program, into: &head)
      default: put(&program, into: &records[place])
      }
    }
    if !program.rarely(6) { put(records.count, 8, into: &head, at: 16) }
    if !program.rarely(6) { for i in records.indices { seal(&records[i]) } }
    var file = head + records.flatMap { $0 }
    if program.rarely(12) { file.removeLast(min(file.count, program.choice(80))) }
    return file + word(Int(CRC32C.checksum(file)), 4)
  }

  private func put(_ program: inout Program, into bytes: inout [UInt8]) {
    let place = program.choice(min(bytes.count, 256)) & ~3
    if program.rarely(4) {
      put(program.pick(Self.reals), into: &bytes, at: place)
    } else {
      put(program.pick(Self.counts), program.pick([4, 8, 1]), into: &bytes, at: place)
    }
  }

  private func put(_ value: Double, into bytes: inout [UInt8], at place: Int) {
    put(Int(bitPattern: UInt(value.bitPattern)), 8, into: &bytes, at: place)
  }

  private func put(_ value: Int, _ width: Int, into bytes: inout [UInt8], at place: Int) {
    for (i, byte) in word(value, width).enumerated() where place + i < bytes.count {
      bytes[place + i] = byte
    }
  }

  /// Makes a record's own checksum, if it has one, fit the rest of it.
  private func seal(_ record: inout [UInt8]) {
    guard let checksum, checksum <= record.count else { return }
    let at = record.count - checksum
    let rest = record[..<at] + record[(at + 4)...]
    put(Int(CRC32C.checksum(Array(rest))), 4, into: &record, at: at)
  }

  private func word(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static let counts = [
    0, 1, 2, 3, 5, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 32, 1 << 40, (1 << 48) - 1, .max,
    -1, .min,
  ]
  private static let reals: [Double] = [0, 1, -1, .nan, .infinity, 1e308, 5e-324, -0.0, 1e15]
}
