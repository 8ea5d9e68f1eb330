import Foundation

extension String {
  /// The text that bytes are in UTF-8; nil where they are none.
  ///
  /// `init(validating:as:)` of the standard library asks for types at run time, which takes longer than
  /// reading a short text does; a header has some sixty.
  package init?(utf8 bytes: UnsafeRawBufferPointer) {
    self = bytes.withMemoryRebound(to: UInt8.self) { String(decoding: $0, as: UTF8.self) }
    // What is not UTF-8 has become something else.
    let isSame = withUTF8 { text in
      guard text.count == bytes.count, let own = text.baseAddress, let given = bytes.baseAddress
      else { return text.count == bytes.count }
      return memcmp(own, given, text.count) == 0
    }
    if !isSame { return nil }
  }
}
