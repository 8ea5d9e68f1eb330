import CDCMTK
import Imaging

/// A lookup table of a header: the modality's (PS3.3 C.11.1.1) or a palette's (C.7.6.3.1.5).
struct LookupTable {
  /// The stored value that the first entry is for; lower ones get the first entry, values past
  /// the end the last.
  var first: Int
  /// Bits of an entry.
  var bits: Int
  var values: [UInt16]

  /// Reads the table of an item; nil where it is not there, or its descriptor and data contradict
  /// each other. Where pixels are signed, so is the first value.
  init?(_ item: DICOMItem, descriptor: UInt32, data: UInt32, isSigned: Bool) {
    guard let numbers = item.numbers(descriptor, count: 3), let words = item.words(data),
      let count = Int(exactly: numbers[0]), let first = Int(exactly: numbers[1]),
      let bits = Int(exactly: numbers[2]), (1...16).contains(bits)
    else { return nil }
    let entries = count == 0 ? 65_536 : count & 0xFFFF
    if words.count == entries {
      values = words
    } else if bits <= 8, words.count == (entries + 1) / 2 {
      values = Array(words.flatMap { [$0 & 0xFF, $0 >> 8] }.prefix(entries))
    } else {
      return nil
    }
    guard !values.isEmpty else { return nil }
    self.first = isSigned && first > 0x7FFF ? first - 0x1_0000 : first
    self.bits = bits
  }

  /// The entry for a stored value.
  @inline(__always)
  func callAsFunction(_ stored: Int) -> UInt16 {
    values[min(max(stored - first, 0), values.count - 1)]
  }

  var summary: PixelFormat.Lookup {
    let digest = values.withUnsafeBytes { dicom_hash($0.baseAddress, $0.count, 0) }
    return PixelFormat.Lookup(bits: bits, digest: String(digest, radix: 16))
  }

  /// Replaces stored values of `type` by their entries, `UInt8` for tables of at most eight bits.
  func apply(
    _ source: UnsafeRawBufferPointer, _ type: VoxelType,
    into target: UnsafeMutableRawBufferPointer
  ) {
    switch type {
    case .uint8: map(source.bindMemory(to: UInt8.self), target)
    case .int8: map(source.bindMemory(to: Int8.self), target)
    case .uint16: map(source.bindMemory(to: UInt16.self), target)
    case .int16: map(source.bindMemory(to: Int16.self), target)
    case .uint32: map(source.bindMemory(to: UInt32.self), target)
    default: map(source.bindMemory(to: Int32.self), target)
    }
  }

  private func map<Sample: FixedWidthInteger>(
    _ source: UnsafeBufferPointer<Sample>, _ target: UnsafeMutableRawBufferPointer
  ) {
    if bits <= 8 {
      let out = target.bindMemory(to: UInt8.self)
      for index in source.indices {
        out[index] = UInt8(truncatingIfNeeded: self(Int(source[index])))
      }
    } else {
      let out = target.bindMemory(to: UInt16.self)
      for index in source.indices { out[index] = self(Int(source[index])) }
    }
  }
}
