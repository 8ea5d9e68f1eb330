import DICOM
import Testing

@Suite struct UTF8TextTests {
  private func read(_ bytes: [UInt8]) -> String? { bytes.withUnsafeBytes { String(utf8: $0) } }

  @Test func whatIsNoUTF8IsNoText() {
    var generator = SystemRandomNumberGenerator()
    // Bytes that begin, continue, overrun and end sequences, so that many of the drawn texts are sound.
    let drawn: [UInt8] = [
      0, 0x41, 0x7F, 0x80, 0xBF, 0xC3, 0xA4, 0xE2, 0x82, 0xAC, 0xED, 0xF0, 0xFF,
    ]
    for count in 0..<4000 {
      let bytes = (0..<count % 9).map { _ in drawn.randomElement(using: &generator)! }
      #expect(read(bytes) == String(validating: bytes, as: UTF8.self))
    }
  }

  @Test func aLetterThatStandsForWhatCannotBeReadIsItselfText() {
    #expect(read([0xEF, 0xBF, 0xBD]) == "\u{FFFD}")
    #expect(read(Array("Grüße aus Köln, 東京".utf8)) == "Grüße aus Köln, 東京")
  }
}
