import Report
import Testing

@Test func aMontageHoldsEveryPictureInItsPlace() throws {
  let colours = (0..<5).map { Picture.Colour(UInt8(40 * $0 + 50), 0, 0) }
  let tiles = colours.map { Picture(width: 6, height: 4, $0) }
  let sheet = try #require(Picture.montage(tiles, columns: 3, gap: 2))
  #expect(sheet.width == 22 && sheet.height == 10)
  for (at, colour) in colours.enumerated() {
    #expect(sheet[8 * (at % 3), 6 * (at / 3)] == colour)
    #expect(sheet[8 * (at % 3) + 5, 6 * (at / 3) + 3] == colour)
  }
  #expect(Picture.montage([], columns: 3) == nil)
}

@Test func whatLiesOutsideAPictureIsLeftOut() {
  var sheet = Picture(width: 4, height: 4)
  let red = Picture.Colour(255, 0, 0)
  sheet.place(Picture(width: 3, height: 3, red), x: -2, y: 2)
  sheet.place(Picture(width: 3, height: 3, red), x: 9, y: -9)
  #expect(sheet.pixels.filter { $0 == red }.count == 2)
  #expect(sheet[0, 2] == red && sheet[0, 3] == red)
}
