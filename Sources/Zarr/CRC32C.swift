import CStorage

/// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), as Zarr's `crc32c` codec asks for.
///
/// Bytes can be given in pieces: the running value after all of them is that of the whole. Where the
/// processor has an instruction for it, some 25 GB are summed a second.
public struct CRC32C: Sendable, Equatable {
  private var state: UInt32 = ~0

  /// Starts with no bytes seen.
  public init() {}

  /// The checksum of the bytes seen so far.
  public var value: UInt32 { ~state }

  /// Takes in further bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    state =
      cstorage_has_crc32c() != 0
      ? cstorage_crc32c(state, base, bytes.count) : Self.tabled(state, bytes)
  }

  /// The checksum of one piece of memory.
  public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var sum = CRC32C()
    sum.update(bytes)
    return sum.value
  }

  /// The checksum of an array.
  public static func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { checksum($0) }
  }
}

extension CRC32C {
  /// The same sum without the processor's instruction: slicing-by-8 over tables.
  package static func tabled(_ start: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = start
    var at = 0
    tables.withUnsafeBufferPointer { table in
      while at &+ 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
        let low = UInt32(truncatingIfNeeded: word) ^ crc
        let high = UInt32(truncatingIfNeeded: word >> 32)
        let (a, b) = (fold(table, low, from: 7), fold(table, high, from: 3))
        crc = a ^ b
        at &+= 8
      }
      while at < bytes.count {
        crc = (crc >> 8) ^ table[Int((crc ^ UInt32(bytes[at])) & 0xFF)]
        at &+= 1
      }
    }
    return crc
  }

  private static func fold(
    _ table: UnsafeBufferPointer<UInt32>, _ word: UInt32, from row: Int
  ) -> UInt32 {
    table[row &* 256 &+ Int(word & 0xFF)] ^ table[(row &- 1) &* 256 &+ Int((word >> 8) & 0xFF)]
      ^ table[(row &- 2) &* 256 &+ Int((word >> 16) & 0xFF)]
      ^ table[(row &- 3) &* 256 &+ Int(word >> 24)]
  }

  /// Eight tables of 256: table k holds the sum of a byte followed by k zero bytes.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
      tables[byte] = crc
    }
    for row in 1..<8 {
      for byte in 0..<256 {
        let before = tables[(row - 1) * 256 + byte]
        tables[row * 256 + byte] = (before >> 8) ^ tables[Int(before & 0xFF)]
      }
    }
    return tables
  }()
}
