import Foundation
import Imaging
import SliceStore
import TestFolders
import Testing
import Zarr

/// Writes a store of each kind and what went into them as `.npy`, for `Tests/Interop/test_stores.py`;
/// they stay where LAMINA_STORES says.
@Suite struct InteropStoresTests {
  @Test func storesForStrangersAreSound() throws {
    let folder = TemporaryFolder(inMemory: true)
    let path = ProcessInfo.processInfo.environment["LAMINA_STORES"] ?? folder.path
    for name in ["cohort.zarr", "slices.zarr", "twins"] {
      try? FileManager.default.removeItem(atPath: path + "/" + name)
    }
    try makeFolder(path + "/twins")
    try writeCohort(path)
    try writeSlices(path)
    #expect(try verify(path + "/cohort.zarr").isSound)
    #expect(try verify(path + "/slices.zarr").isSound)
  }

  func writeCohort(_ path: String) throws {
    let writer = try CohortWriter(path + "/cohort.zarr", shardBytes: 4000)
    var volumes: [(String, Volume)] = VoxelType.allCases.map { ($0.rawValue, sample($0)) }
    volumes.append(("time", sample(.int16, leading: .time(4), seed: 5)))
    volumes.append(("channels", sample(.float32, leading: .channel(3), seed: 6)))
    var sagittal = sample(.uint16, size: SIMD3(17, 31, 9), seed: 7)
    sagittal.grid.affine = Affine(
      x: SIMD3(0, 1, 0), y: SIMD3(0, 0, -1), z: SIMD3(4, 0, 0), origin: SIMD3(-20, -90, 80))
    volumes.append(("sagittal", sagittal))
    for (id, volume) in volumes {
      let labels = id == "int16" || id == "time" ? [("organ", mask(on: volume))] : []
      let wide = id == "time" ? [("wide", mask(on: volume, highest: 300, names: [:]))] : []
      try writer.add(
        volume: volume, record: record(id, of: volume), labels: labels + wide)
      let size = volume.grid.size
      let lead = volume.leading == .none ? [] : [volume.leading.count]
      try npy("\(path)/twins/\(id).npy", volume, shape: lead + [size.z, size.y, size.x])
      for (name, map) in labels + wide {
        try npy("\(path)/twins/\(id)--\(name).npy", map.volume, shape: [size.z, size.y, size.x])
      }
    }
    try writer.finish()
  }

  func writeSlices(_ path: String) throws {
    let samples = SliceSamples()
    try samples.write(path + "/slices.zarr")
    let image = (0..<samples.count).flatMap(samples.slices)
    let label = (0..<samples.count).flatMap { v in
      samples.labels(v) ?? [UInt8](repeating: 255, count: samples.record(v).sliceCount * 48)
    }
    let count = image.count / 96
    let grid = Grid(size: SIMD3(8, 6, count), affine: .identity)
    let pixels = Volume(grid: grid, leading: .channel(2), values: image)
    try npy("\(path)/twins/image.npy", pixels, shape: [count, 2, 6, 8])
    try npy("\(path)/twins/label.npy", Volume(grid: grid, values: label), shape: [count, 6, 8])
  }

  /// numpy's format 1.0: magic, header length, a Python dictionary padded to 64 bytes.
  func npy(_ path: String, _ volume: Volume, shape: [Int]) throws {
    let name = volume.type.rawValue
    let kind = name.hasPrefix("u") ? "u" : name.hasPrefix("f") ? "f" : "i"
    let dimensions = shape.map { "\($0)," }.joined()
    let words =
      "{'descr': '<\(kind)\(volume.type.size)', 'fortran_order': False, 'shape': (\(dimensions))}"
    let padding = String(repeating: " ", count: 63 - (10 + words.utf8.count) % 64) + "\n"
    let header = [UInt8]((words + padding).utf8)
    let length = withUnsafeBytes(of: UInt16(header.count).littleEndian) { [UInt8]($0) }
    try writeFile(
      [0x93] + [UInt8]("NUMPY".utf8) + [1, 0] + length + header + volume.bytes, to: path)
  }
}
