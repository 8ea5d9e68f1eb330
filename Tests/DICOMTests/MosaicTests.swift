import DICOM
import Imaging
import TestFolders
import Testing

/// Siemens mosaics made by hand: 5 tiles of 2 × 2 pixels on a sheet of 6 × 6.
@Suite struct MosaicTests {
  /// A CSA header with an empty element and one of three values. The old version has no name in front,
  /// and its lengths count the items of the first element besides; one below that ends an element.
  private func csa(normal: [Double], isOld: Bool) -> [UInt8] {
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> ($0 * 8) & 0xFF) } }
    func padded(_ text: String, to length: Int) -> [UInt8] {
      Array(text.utf8) + [UInt8](repeating: 0, count: length - text.utf8.count)
    }
    func element(_ name: String, _ items: Int) -> [UInt8] {
      padded(name, to: 64) + word(items) + padded("FD", to: 4) + word(4) + word(items) + word(77)
    }
    func item(_ text: String, _ length: Int) -> [UInt8] {
      (isOld ? word(length + 2) + word(0) : word(length) + word(length)) + word(77) + word(length)
        + padded(text, to: (length + 3) / 4 * 4)
    }
    var bytes = isOld ? [] : Array("SV10".utf8) + [4, 3, 2, 1]
    bytes += word(2) + word(77) + element("EchoLinePosition", 2)
    bytes += isOld ? word(0) + word(0) + word(77) + word(0) : item("", 0) + item("", 0)
    bytes += element("SliceNormalVector", normal.count)
    for value in normal { bytes += item("\(value)", "\(value)".utf8.count + 1) }
    return bytes
  }

  private func header(
    _ folder: String, normal: [Double]?, images: Double = 5, isOld: Bool = false,
    isNameless: Bool = false
  ) throws -> DICOMHeader {
    let writer = DICOMWriter()
    let item = writer.root
    try item.put(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC")
    try item.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.4")
    try item.put(0x0008_0018, "UI", "2.25.1")
    try item.put(0x0008_0060, "CS", "MR")
    try item.put(0x0018_0088, decimals: [4])
    try item.put(0x0019_0010, "LO", "SIEMENS MR HEADER")
    try item.put(0x0019_100A, "US", numbers: [images])
    try item.put(0x0020_000E, "UI", "2.25.2")
    try item.put(0x0020_0032, decimals: [-6, -6, 10])
    try item.put(0x0020_0037, decimals: [1, 0, 0, 0, 1, 0])
    try item.putGrayPixels(rows: 6, columns: 6, bits: 12, spacing: 2)
    if let normal {
      if !isNameless { try item.put(0x0029_0010, "LO", "SIEMENS CSA HEADER") }
      try item.put(0x0029_1010, "OB", bytes: csa(normal: normal, isOld: isOld))
    }
    var sheet = [UInt8](repeating: 0, count: 72)
    for tile in 0..<5 {
      for pixel in 0..<4 {
        let (x, y) = (tile % 3 * 2 + pixel % 2, tile / 3 * 2 + pixel / 2)
        sheet[(y * 6 + x) * 2] = UInt8(tile * 10 + pixel)
      }
    }
    try writer.putPixels(sheet, bits: 16)
    try writer.write(to: folder + "/m.dcm", transferSyntax: TransferSyntax.implicitLittleEndian)
    return try DICOMFile.header(folder + "/m.dcm")
  }

  @Test(arguments: [1.0, -1.0], [(old: false, nameless: false), (true, false), (false, true)])
  func tilesBecomeSlicesOnTheSideOfTheNormal(
    sign: Double, csa: (old: Bool, nameless: Bool)
  ) throws {
    try withFolder { folder in
      let grouping = DICOMSeries.group([
        try header(folder, normal: [0, 0, sign], isOld: csa.old, isNameless: csa.nameless)
      ])
      let series = try #require(grouping.series.first)
      #expect(series.flags == ["mosaic"])
      let volume = try series.volume()
      #expect(volume.grid.size == SIMD3(2, 2, 5))
      // The sheet's corner is four pixels of 2 mm, halved, outside the first tile's.
      #expect(volume.grid.affine.origin == SIMD3(-2, -2, sign > 0 ? 10 : -6))
      #expect(volume.grid.affine.z == SIMD3(0, 0, 4))
      let tiles = (0..<5).map { sign > 0 ? $0 : 4 - $0 }
      let expected = tiles.flatMap { tile in (0..<4).map { Float(tile * 10 + $0) } }
      #expect(volume.values() == expected)
    }
  }

  /// In implicit VR the bytes of 48 to 57 slices are those of a digit.
  @Test(arguments: [47, 48, 57, 58])
  func aCountIsNeverTakenForText(images: Int) throws {
    try withFolder { folder in
      let error = #expect(throws: DICOMError.self) {
        try header(folder, normal: [0, 0, 1], images: Double(images))
      }
      #expect(error?.reason == "\(images) tiles do not divide 6 rows and 6 columns")
    }
  }

  @Test func aMosaicThatHidesItsDirectionOrCountIsRefused() throws {
    try withFolder { folder in
      let cases: [(normal: [Double]?, images: Double)] = [
        (nil, 5), ([0, 1, 0], 5), ([0, 0, 1], 0), ([0, 0, 1], 17),
      ]
      for (normal, images) in cases {
        let error = #expect(throws: DICOMError.self) {
          try header(folder, normal: normal, images: images)
        }
        #expect(error?.code == "geometry")
      }
    }
  }
}
