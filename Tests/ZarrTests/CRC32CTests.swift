import TestFolders
import Testing
import Zarr

@Suite struct CRC32CTests {
  @Test func theSumsAreThoseOfRFC3720() {
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum([UInt8](0..<32)) == 0x46DD_794E)
    #expect(CRC32C.checksum([UInt8]("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8]()) == 0)
  }

  @Test(arguments: [0, 1, 7, 8, 9, 31, 100, 767, 768, 769, 1535, 1536, 2311, 70_000])
  func theTablesAgreeWithTheInstruction(count: Int) {
    let bytes = noise(count)
    let tabled = bytes.withUnsafeBytes { ~CRC32C.tabled(~0, $0) }
    #expect(tabled == CRC32C.checksum(bytes))
  }

  @Test func piecesGiveTheSumOfTheWhole() {
    let bytes = noise(1000)
    for cut in [0, 1, 13, 512, 1000] {
      var sum = CRC32C()
      bytes[..<cut].withUnsafeBytes { sum.update($0) }
      bytes[cut...].withUnsafeBytes { sum.update($0) }
      #expect(sum.value == CRC32C.checksum(bytes))
    }
  }
}
