import Foundation

/// Inverts one bit of a file.
public func flipBit(of path: String, at offset: Int) throws {
  var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  bytes[offset < 0 ? bytes.count + offset : offset] ^= 0x10
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// Cuts a file down to so many bytes.
public func truncate(_ path: String, to size: Int) throws {
  let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
  try bytes.prefix(size).write(to: URL(fileURLWithPath: path))
}

/// Bytes that look like numbers from a scanner: a ramp with noise that a seed fixes.
public func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  return (0..<count).map { i in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: i / 7) &+ UInt8(truncatingIfNeeded: state >> 61)
  }
}
