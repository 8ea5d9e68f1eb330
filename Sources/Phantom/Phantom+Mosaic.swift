import DICOM
import Imaging

extension Phantom {
  /// One sheet for each of two points in time, as Siemens' scanners write them. A reversed one
  /// begins with the last slice: its slice normal points against rows × columns.
  static func writeMosaic(
    _ kind: PhantomSeries, _ recipe: PhantomRecipe, _ identity: PhantomIdentity,
    into folder: String
  ) throws(DICOMError) {
    let isReversed = kind == .mosaicReversed
    let grid = recipe.grid(0)
    let side = Int(Double(grid.size.z).squareRoot().rounded(.up))
    let extent = SIMD2(Double(grid.size.x * (side - 1)), Double(grid.size.y * (side - 1))) / 2
    var sheetGrid = grid
    sheetGrid.size = SIMD3(grid.size.x * side, grid.size.y * side, 1)
    let corner = grid.affine(
      SIMD3(-extent.x, -extent.y, isReversed ? Double(grid.size.z - 1) : 0))
    let normal = isReversed ? -grid.affine.direction[2] : grid.affine.direction[2]
    var sheets: [PhantomImage] = []
    for time in 0..<2 {
      var tiles = kind.slices(scan(recipe, patient: time).volume)
      if isReversed { tiles.reverse() }
      var sheet = [UInt8](repeating: 0, count: sheetGrid.count * 2)
      for (index, tile) in tiles.enumerated() {
        for row in 0..<grid.size.y {
          let from = row * grid.size.x * 2
          let line = (index / side * grid.size.y + row) * side + index % side
          sheet.replaceSubrange(
            line * grid.size.x * 2..<(line + 1) * grid.size.x * 2,
            with: tile.pixels[from..<from + grid.size.x * 2])
        }
      }
      sheets.append(
        PhantomImage(grid: sheetGrid, position: corner, pixels: sheet, number: time + 1) {
          item throws(DICOMError) in
          try describeMosaic(item, grid, normal, time)
        })
    }
    try write(sheets, identity, TransferSyntax.explicitLittleEndian, into: folder)
  }

  private static func describeMosaic(
    _ item: DICOMWriter.Item, _ grid: Grid, _ normal: SIMD3<Double>, _ time: Int
  ) throws(DICOMError) {
    let csa = csaHeader([
      ("NumberOfImagesInMosaic", [Double(grid.size.z)]),
      ("SliceNormalVector", [normal.x, normal.y, normal.z]),
    ])
    try item.put(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC")
    try item.put(0x0008_0032, "TM", "10150\(time * 2)")
    try item.put(0x0008_0070, "LO", "SIEMENS")
    try item.put(0x0019_0010, "LO", "SIEMENS MR HEADER")
    try item.put(0x0019_100A, "US", numbers: [Double(grid.size.z)])
    try item.put(0x0020_0012, "IS", "\(time + 1)")
    try item.put(0x0029_0010, "LO", "SIEMENS CSA HEADER")
    try item.put(0x0029_1010, "OB", bytes: csa)
  }

  /// A CSA header, version SV10, of these elements.
  private static func csaHeader(_ elements: [(name: String, values: [Double])]) -> [UInt8] {
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> ($0 * 8) & 0xFF) } }
    func padded(_ text: String, to length: Int) -> [UInt8] {
      Array(text.utf8) + [UInt8](repeating: 0, count: length - text.utf8.count)
    }
    var bytes = Array("SV10".utf8) + [4, 3, 2, 1] + word(elements.count) + word(77)
    for (name, values) in elements {
      bytes += padded(name, to: 64) + word(values.count) + padded("FD", to: 4) + word(4)
      bytes += word(values.count) + word(77)
      for value in values {
        let text = "\(value)"
        let length = (text.utf8.count + 4) / 4 * 4
        bytes += word(length) + word(length) + word(77) + word(length) + padded(text, to: length)
      }
    }
    return bytes
  }
}
