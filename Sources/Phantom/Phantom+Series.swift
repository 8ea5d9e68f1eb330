import DICOM
import Imaging

extension Phantom {
  /// Writes one small series of every kind, `folder/<kind>/*.dcm`, to compare readers by.
  public static func writeSeries(
    _ kinds: [PhantomSeries] = PhantomSeries.allCases, seed: UInt64 = 1, into folder: String,
    onSeries: (Int) -> Void = { _ in }
  ) throws(PhantomError) {
    for (number, kind) in kinds.enumerated() {
      var recipe = PhantomRecipe(patients: 1, seed: seed)
      (recipe.size, recipe.pixelSpacing, recipe.sliceSpacing) = (SIMD3(24, 20, 8), 6, 8)
      recipe.planes = [kind.plane]
      let place = PhantomSeries.allCases.firstIndex(of: kind) ?? 0
      let identity = PhantomIdentity(seed: seed, patient: 20_000 + place)
      let path = folder + "/" + kind.rawValue
      try makeFolder(path)
      do throws(DICOMError) {
        switch kind {
        case .mosaic: try writeMosaic(recipe, identity, into: path)
        case .enhanced: try writeEnhanced(recipe, identity, to: path + "/IM0001.dcm")
        default: try write(kind.images(recipe), identity, kind.transferSyntax, into: path)
        }
      } catch {
        throw .dicom(error)
      }
      onSeries(number)
    }
  }

  /// Writes images as classic files.
  static func write(
    _ images: [PhantomImage], _ identity: PhantomIdentity, _ transferSyntax: String,
    into folder: String
  ) throws(DICOMError) {
    for image in images {
      let writer = DICOMWriter()
      try describe(writer.root, identity, number: image.number)
      try place(writer.root, image.grid, at: image.position)
      try image.change(writer.root)
      try writer.putPixels(image.pixels, bits: 16)
      let digits = String(image.number)
      let name = "IM" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ".dcm"
      try writer.write(to: folder + "/" + name, transferSyntax: transferSyntax)
    }
  }

  /// One sheet for each of two points in time, as Siemens' scanners write them.
  private static func writeMosaic(
    _ recipe: PhantomRecipe, _ identity: PhantomIdentity, into folder: String
  ) throws(DICOMError) {
    let grid = recipe.grid(0)
    let side = Int(Double(grid.size.z).squareRoot().rounded(.up))
    let extent = SIMD2(Double(grid.size.x * (side - 1)), Double(grid.size.y * (side - 1))) / 2
    var sheetGrid = grid
    sheetGrid.size = SIMD3(grid.size.x * side, grid.size.y * side, 1)
    let corner = grid.affine(SIMD3(-extent.x, -extent.y, 0))
    var sheets: [PhantomImage] = []
    for time in 0..<2 {
      let tiles = PhantomSeries.mosaic.slices(scan(recipe, patient: time).volume)
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
          item throws(DICOMError) in try describeMosaic(item, grid, time)
        })
    }
    try write(sheets, identity, TransferSyntax.explicitLittleEndian, into: folder)
  }

  private static func describeMosaic(
    _ item: DICOMWriter.Item, _ grid: Grid, _ time: Int
  ) throws(DICOMError) {
    let normal = grid.affine.direction[2]
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
