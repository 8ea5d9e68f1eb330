import DICOM
import Foundation
import Testing

@Suite struct PixelFormatTests {
  private func format(allocated: Int, stored: Int, high: Int, signed: Bool) -> PixelFormat {
    PixelFormat(
      rows: 1, columns: 1, bitsAllocated: allocated, bitsStored: stored, highBit: high,
      isSigned: signed)
  }

  /// Every 16-bit word, for every number of stored bits: the value is that of its stored bits.
  @Test(arguments: 1...16) func onlyTheStoredBitsCount(stored: Int) {
    for high in [stored - 1, 15] {
      for signed in [false, true] {
        let format = format(allocated: 16, stored: stored, high: high, signed: signed)
        var words = [UInt16](0...UInt16.max)
        words.withUnsafeMutableBytes { format.normalise($0) }
        let wrong = (0...0xFFFF).count { word in
          let bits = word >> (high + 1 - stored) & (1 << stored - 1)
          let expected = signed && bits >> (stored - 1) == 1 ? bits - (1 << stored) : bits
          return words[word] != UInt16(truncatingIfNeeded: expected)
        }
        #expect(wrong == 0)
      }
    }
  }

  @Test func eightAndThirtyTwoBitsExtendTheirSign() {
    var bytes: [UInt8] = [0x0F, 0xF8, 0x07, 0x70]
    let eight = format(allocated: 8, stored: 4, high: 3, signed: true)
    bytes.withUnsafeMutableBytes { eight.normalise($0) }
    #expect(bytes.map { Int8(bitPattern: $0) } == [-1, -8, 7, 0])
    var words: [UInt32] = [0x00FF_FFFF, 0xFF00_0001]
    let wide = format(allocated: 32, stored: 24, high: 23, signed: true)
    words.withUnsafeMutableBytes { wide.normalise($0) }
    #expect(words.map { Int32(bitPattern: $0) } == [-1, 1])
  }
}
