import DICOM
import Foundation

/// Files beside the tests, and a folder for what a test writes.
enum Fixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static func bytes(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: folder.appendingPathComponent("encodings/\(name).dcm")))
  }

  /// A changed copy of a file of `encodings`.
  static func patched(
    _ name: String, in folder: String, _ change: (inout [UInt8]) -> Void
  ) throws -> String {
    var bytes = try bytes(name)
    change(&bytes)
    let path = folder + "/patched.dcm"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Puts another transfer syntax of at most that length, padded with a zero, in place of one.
  static func replace(_ text: String, by other: String, in bytes: inout [UInt8]) {
    let (old, new) = (Array(text.utf8), Array(other.utf8))
    guard let at = find(old, in: bytes) else { return }
    bytes.replaceSubrange(at..<at + old.count, with: new)
    bytes[at - 2] = UInt8(new.count + new.count % 2)
    if (old.count + new.count) % 2 == 1 {
      if new.count % 2 == 1 {
        bytes.insert(0, at: at + new.count)
      } else {
        bytes.remove(at: at + new.count)
      }
    }
  }

  static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int = 0) -> Int? {
    guard bytes.count >= pattern.count else { return nil }
    return (start...bytes.count - pattern.count).first {
      bytes[$0..<$0 + pattern.count].elementsEqual(pattern)
    }
  }

  /// Sets the value of an explicit little endian element with a 16-bit length.
  static func set(_ tag: UInt32, _ value: [UInt8], in bytes: inout [UInt8]) {
    let (group, element) = (tag >> 16, tag & 0xFFFF)
    let key = [group & 0xFF, group >> 8, element & 0xFF, element >> 8].map {
      UInt8(truncatingIfNeeded: $0)
    }
    guard let at = find(key, in: bytes, from: 132) else { return }
    bytes.replaceSubrange(at + 8..<at + 8 + value.count, with: value)
  }
}
