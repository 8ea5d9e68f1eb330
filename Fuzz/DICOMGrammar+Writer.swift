/// Elements as PS3.5 chapter 7 writes them, in either order of bytes, with lengths that may lie.
struct Writer {
  let isExplicit: Bool
  let bigEndian: Bool
  private(set) var bytes: [UInt8] = []

  init(isExplicit: Bool, bigEndian: Bool) {
    (self.isExplicit, self.bigEndian) = (isExplicit, bigEndian)
  }

  mutating func text(_ tag: UInt32, _ vr: String, _ text: String) {
    element(tag, vr, Array((text + (text.utf8.count % 2 == 0 ? "" : " ")).utf8))
  }

  mutating func short(_ tag: UInt32, _ value: Int) {
    let number = UInt16(truncatingIfNeeded: value)
    let pair = [UInt8(number & 0xFF), UInt8(number >> 8)]
    element(tag, "US", bigEndian ? pair.reversed() : pair)
  }

  mutating func element(_ tag: UInt32, _ vr: String, _ value: [UInt8], lie: UInt32? = nil) {
    begin(tag, vr, length: lie ?? UInt32(value.count))
    bytes += value
  }

  /// A sequence of one item, both of undefined length; `close` ends them.
  mutating func open(_ tag: UInt32) {
    begin(tag, "SQ", length: .max)
    put(0xFFFE_E000)
    number(.max)
  }

  mutating func close() {
    put(0xFFFE_E00D)
    number(0)
    sequenceEnd()
  }

  /// Pixel data in fragments.
  mutating func open(_ tag: UInt32, vr: String) { begin(tag, vr, length: .max) }

  mutating func fragment(_ value: [UInt8], lie: UInt32? = nil) {
    put(0xFFFE_E000)
    number(lie ?? UInt32(value.count))
    bytes += value
  }

  mutating func sequenceEnd() {
    put(0xFFFE_E0DD)
    number(0)
  }

  /// A sequence of one item, both with lengths.
  mutating func item(_ tag: UInt32, _ value: [UInt8], lie: UInt32?) {
    begin(tag, "SQ", length: UInt32(value.count + 8))
    put(0xFFFE_E000)
    number(lie ?? UInt32(value.count))
    bytes += value
  }

  private mutating func begin(_ tag: UInt32, _ vr: String, length: UInt32) {
    put(tag)
    guard isExplicit else { return number(length) }
    bytes += Array(vr.utf8)
    if ["OB", "OW", "OV", "SQ", "UN", "UT"].contains(vr) || length > 0xFFFF {
      bytes += [0, 0]
      number(length)
    } else {
      half(UInt16(length))
    }
  }

  private mutating func put(_ tag: UInt32) {
    half(UInt16(tag >> 16))
    half(UInt16(tag & 0xFFFF))
  }

  private mutating func half(_ value: UInt16) {
    withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) { bytes += $0 }
  }

  private mutating func number(_ value: UInt32) {
    withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) { bytes += $0 }
  }
}
