import Foundation
import Imaging
import SliceStore
import TestFolders
import Zarr

/// An oblique grid that no axis of which is a patient's.
func oblique(_ size: SIMD3<Int>) -> Grid {
  Grid(
    size: size,
    affine: Affine(
      x: SIMD3(0.8, 0.1, 0), y: SIMD3(-0.1, 0.8, 0.05), z: SIMD3(0.02, -0.2, 3),
      origin: SIMD3(-100.5, 32.25, 7)))
}

/// A volume of noise; floats are noise around whole numbers.
func sample(
  _ type: VoxelType = .int16, size: SIMD3<Int> = SIMD3(12, 10, 5), leading: LeadingAxis = .none,
  scaling: Scaling = .identity, seed: UInt64 = 1
) -> Volume {
  let count = leading.count * size.x * size.y * size.z
  let bytes = noise(count * type.size, seed: seed)
  guard type == .float32 || type == .float64 else {
    return Volume(
      grid: oblique(size), leading: leading, type: type, bytes: bytes, scaling: scaling)
  }
  let values = bytes[..<count].map { Double($0) * 1.1 }
  let stored =
    type == .float64
    ? values.withUnsafeBytes { [UInt8]($0) }
    : values.map { Float($0) }.withUnsafeBytes { [UInt8]($0) }
  return Volume(grid: oblique(size), leading: leading, type: type, bytes: stored, scaling: scaling)
}

func mask(on volume: Volume, highest: UInt16 = 3, names: [Int: String] = [1: "a"]) -> LabelMap {
  let labels = noise(volume.grid.count, seed: 9).map { UInt16($0) % (highest + 1) }
  return LabelMap(grid: volume.grid, labels: labels, names: names)
}

func record(_ id: String, patient: String = "p1", of volume: Volume) -> CohortVolume {
  CohortVolume(
    id: id, patient: patient, study: "s1", series: "r1", modality: "MR", of: volume,
    units: "arbitrary", acquisition: ["EchoTime": 3.5, "Sequence": ["GR", "SP"]],
    source: .dicom, sourceDigest: "abc", flags: ["gap"])
}

/// What lies below a folder: each file with its bytes.
func contents(_ folder: String) throws -> [String: [UInt8]] {
  var found: [String: [UInt8]] = [:]
  let walk = FileManager.default.enumerator(atPath: folder)
  while let path = walk?.nextObject() as? String {
    var isFolder: ObjCBool = false
    let whole = folder + "/" + path
    _ = FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder)
    found[path] = isFolder.boolValue ? [] : try readFile(whole)
  }
  return found
}

/// Slices of a store of its own: `count` volumes of 3…6 slices, every other one labelled.
struct SliceSamples {
  var attributes = SliceStoreAttributes(
    channels: 2, height: 6, width: 8, scaleFactor: 0.001, addOffset: -4,
    channelNames: ["T1", "T2"], labelNames: [0: "background", 1: "organ"],
    recipe: ["canvas": [8, 6]], cohortDigest: "c", shardBytes: 4 * 2 * 6 * 8 * 2)
  let count = 6

  func record(_ v: Int) -> SliceVolumeRecord {
    let size = SIMD3(8, 6, 3 + v % 4)
    return SliceVolumeRecord(
      id: "v\(v)", patient: "p\(v / 2)", source: oblique(SIMD3(9, 7, size.z)),
      canvas: oblique(size), sliceAxis: 2,
      intensity: [
        ChannelIntensity(lower: -1, upper: 5, shift: Double(v), scale: 2),
        ChannelIntensity(lower: 0, upper: 9, shift: 1, scale: 3),
      ])
  }

  func slices(_ v: Int) -> [Int16] {
    let count = record(v).sliceCount * attributes.sliceCount
    return noise(count, seed: UInt64(v)).map { Int16($0) - 100 }
  }

  func labels(_ v: Int) -> [UInt8]? {
    guard v % 2 == 0 else { return nil }
    return noise(record(v).sliceCount * 48, seed: UInt64(v)).map { $0 % 2 }
  }

  func append(_ v: Int, to writer: SliceStoreWriter) throws {
    try writer.append(record(v), slices: slices(v), labels: labels(v))
  }

  let split: [String: SplitPart] = ["p0": .train, "p1": .validation, "p2": .test]

  @discardableResult
  func write(_ path: String) throws -> String {
    let writer = try SliceStoreWriter(path, attributes: attributes)
    for v in 0..<count { try append(v, to: writer) }
    return try writer.finish(split: split)
  }
}

/// A cohort of four volumes of three patients: 4D, channels, masks.
struct CohortSamples {
  let ids = ["a", "b-1", "c.2", "d_3"]

  func volume(_ id: String) -> Volume {
    switch id {
    case "a": sample(.float32, scaling: .uniform(slope: 2, intercept: -1))
    case "b-1": sample(.int16, leading: .time(3), seed: 2)
    case "c.2": sample(.uint16, leading: .channel(2), seed: 3)
    default: sample(.uint8, size: SIMD3(4, 9, 7), seed: 4)
    }
  }

  func add(_ id: String, to writer: CohortWriter) throws {
    let volume = volume(id)
    let patient = id == "a" || id == "d_3" ? "p1" : id
    let labels =
      id == "d_3" ? [] : [("seg", mask(on: volume)), ("wide", mask(on: volume, highest: 300))]
    try writer.add(
      volume: volume, record: record(id, patient: patient, of: volume), labels: labels)
  }

  @discardableResult
  func write(_ path: String) throws -> String {
    let writer = try CohortWriter(path, shardBytes: 1200)
    for id in ids { try add(id, to: writer) }
    return try writer.finish()
  }
}
