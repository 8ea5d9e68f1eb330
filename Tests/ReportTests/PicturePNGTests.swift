import Foundation
import Report
import Testing

private func fixture(_ name: String) throws -> [UInt8] {
  let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  return [UInt8](try Data(contentsOf: here.appendingPathComponent("Fixtures/" + name)))
}

/// The picture that Fixtures/decode.py found in pattern.png, byte for byte.
private func pattern() -> Picture {
  var picture = Picture(width: 300, height: 40)
  for y in 0..<40 {
    for x in 0..<300 where y > 10 {
      let red = y < 25 ? UInt8(x / 50 * 40) : UInt8(truncatingIfNeeded: x &* 7 ^ y &* 31)
      picture[x, y] = Picture.Colour(red, UInt8(truncatingIfNeeded: y * 6), 255)
    }
  }
  return picture
}

@Test func aPNGIsTheFileThatAStrangerDecoded() throws {
  #expect(try pattern().png == fixture("pattern.png"))
}

@Test func theStrangerFoundThePixelsThatWereDrawn() throws {
  let pixels = pattern().pixels.flatMap { [$0.red, $0.green, $0.blue] }
  // FNV-1a of the decoded bytes, as Fixtures/decode.py printed it.
  let hash = pixels.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  let told = String(decoding: try fixture("pattern.fnv"), as: UTF8.self)
  #expect(String(hash, radix: 16) == told.trimmingCharacters(in: .whitespacesAndNewlines))
}

@Test func enlargedPixelsTakeLittleRoom() {
  #expect(Picture(width: 1000, height: 1000).png.count < 30_000)
}
