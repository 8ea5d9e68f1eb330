import Imaging

extension DICOMFile {
  /// The planes of a Siemens mosaic: one image whose tiles, row by row, are the slices of a volume.
  ///
  /// ImagePositionPatient is that of a plane as large as the sheet around the same centre, so the
  /// first tile begins half of what is left over further in. The direction in which slices
  /// follow one another is the CSA header's SliceNormalVector; without it both signs would look
  /// right, so the file is refused.
  func readMosaic(
    _ item: DICOMItem, _ format: PixelFormat, _ header: inout DICOMHeader
  ) throws(DICOMError) {
    let csa = item.privateTag(
      0x29, creator: "SIEMENS CSA HEADER", element: 0x10, orNameless: true
    ).flatMap { item.bytes($0) }.flatMap { CSAHeader($0) }
    let images = mosaicCount(item) ?? csa?.numbers("NumberOfImagesInMosaic", count: 1)?.first
    guard let images, (1...4096).contains(images), let count = Int(exactly: images) else {
      throw .geometry(path: path, reason: "a mosaic that does not say how many slices it holds")
    }
    guard let normal = csa?.numbers("SliceNormalVector", count: 3) else {
      throw .geometry(path: path, reason: "a mosaic without the CSA header's slice normal")
    }
    let side = Int(Double(count).squareRoot().rounded(.up))
    guard format.rows % side == 0, format.columns % side == 0 else {
      throw .geometry(
        path: path,
        reason: "\(count) tiles do not divide \(format.rows) rows and \(format.columns) columns")
    }
    guard
      let step = item.number(Tag.spacingBetweenSlices) ?? item.number(Tag.sliceThickness), step > 0
    else { throw .geometry(path: path, reason: "a mosaic without SpacingBetweenSlices") }
    let sheet = try classicPlanes(item, format)[0]
    header.tiling = SIMD2(side, side)
    header.planes = try tiles(sheet, format, count: count, side: side, normal: normal, step: step)
  }

  /// Whether an image is a sheet of tiles: by the word in Image Type or by Siemens' own number.
  func isMosaic(_ item: DICOMItem) -> Bool {
    item.texts(Tag.imageType).contains("MOSAIC") || mosaicCount(item) ?? 0 > 1
  }

  /// NumberOfImagesInMosaic (0019,100A).
  private func mosaicCount(_ item: DICOMItem) -> Double? {
    item.privateTag(0x19, creator: "SIEMENS MR HEADER", element: 0x0A)
      .flatMap { item.privateNumber($0, width: 2) }
  }

  private func tiles(
    _ sheet: DICOMHeader.Plane, _ format: PixelFormat, count: Int, side: Int, normal: [Double],
    step: Double
  ) throws(DICOMError) -> [DICOMHeader.Plane] {
    let across = cross(sheet.right, sheet.down)
    let along = dot(across, SIMD3(normal[0], normal[1], normal[2]))
    guard abs(abs(along) - 1) < 0.01 else {
      throw .geometry(path: path, reason: "the slice normal does not stand on the slices")
    }
    let columns = Double(format.columns - format.columns / side) / 2
    let rows = Double(format.rows - format.rows / side) / 2
    let inward =
      sheet.right * (columns * sheet.spacing.x) + sheet.down * (rows * sheet.spacing.y)
    let up = across * (along < 0 ? -step : step)
    return (0..<count).map { tile in
      var plane = sheet
      plane.index = tile
      plane.position = sheet.position + inward + up * Double(tile)
      return plane
    }
  }
}
