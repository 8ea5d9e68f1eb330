import Foundation
import Imaging
import NIfTI
import TestFolders

/// Fixtures, and files made of them for one test.
enum Files {
  /// The path of a fixture.
  static func fixture(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/\(name)").path
  }

  /// The bytes of a fixture.
  static func bytes(_ path: String) -> [UInt8] {
    [UInt8](FileManager.default.contents(atPath: path) ?? Data())
  }

  /// What reading `bytes` gives.
  static func read(_ bytes: [UInt8]) throws -> NIfTIImage {
    try withFolder { folder in
      try Data(bytes).write(to: URL(fileURLWithPath: folder + "/x.nii"))
      return try NIfTIFile.read(folder + "/x.nii")
    }
  }

  /// What reading `bytes` under the name of `name` fails with; nil when it does not.
  static func refusal(
    _ bytes: [UInt8], name: String = "x.nii", gzip: Bool = false,
    limits: NIfTILimits = NIfTILimits()
  ) throws -> NIfTIError? {
    try withFolder { folder in
      let path = "\(folder)/\(name)"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      if gzip { try deflate(bytes, to: path) }
      do throws(NIfTIError) {
        _ = try NIfTIFile.read(path, limits: limits)
        return nil
      } catch { return error }
    }
  }

  /// Writes `bytes` as gzip.
  static func deflate(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    try bytes.withUnsafeBytes { try writeAll([$0], gzip: true, to: descriptor, path: path) }
  }

  /// A small oblique grid.
  static let grid = Grid(
    size: SIMD3(5, 4, 3),
    affine: Affine(
      x: SIMD3(0.6, 0.8, 0), y: SIMD3(-1.6, 1.2, 0), z: SIMD3(0, 0, -3.5),
      origin: SIMD3(10, -20, 30.5)))
}

extension Array where Element == UInt8 {
  /// The bytes with those of `value`, little endian, at `offset`.
  func with<Value>(_ value: Value, at offset: Int) -> [UInt8] {
    var result = self
    Swift.withUnsafeBytes(of: value) {
      result.replaceSubrange(offset..<offset + $0.count, with: $0)
    }
    return result
  }
}
