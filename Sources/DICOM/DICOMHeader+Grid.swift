import Imaging

/// United Imaging's grids: one image whose tiles are the slices of a volume, with a header for each
/// in MRVFrameSequence (0065,xx51).
extension DICOMFile {
  /// The headers of the tiles; empty for other images.
  func gridItems(_ item: DICOMItem) -> [DICOMItem] {
    item.privateTag(0x65, creator: "Image Private Header", element: 0x51)
      .map { item.items($0) } ?? []
  }

  /// The planes of a grid. Tiles lie row by row, in as many columns as the root of their number
  /// asks for and no more rows than they fill; every tile says where it lies.
  func readGrid(
    _ item: DICOMItem, _ tiles: [DICOMItem], _ format: PixelFormat, _ header: inout DICOMHeader
  ) throws(DICOMError) {
    let columns = Int(Double(tiles.count).squareRoot().rounded(.up))
    let rows = (tiles.count + columns - 1) / columns
    guard tiles.count <= 4096, format.frames == 1, format.rows % rows == 0,
      format.columns % columns == 0
    else {
      throw .geometry(
        path: path,
        reason: "\(tiles.count) tiles do not divide \(format.rows) rows and \(format.columns) "
          + "columns")
    }
    let rescale = try rescale(item, mappings: item.items(Tag.realWorldSequence), philips: nil)
    header.tiling = SIMD2(columns, rows)
    header.planes = []
    for (index, tile) in tiles.enumerated() {
      let own = tile.numbers(Tag.imageOrientation, count: 6) == nil ? item : tile
      var plane = try plane(
        index: index, position: tile, orientation: own, measures: item, rescale: rescale,
        echoTime: item.number(Tag.echoTime), imageType: item.texts(Tag.imageType),
        component: classicComponent(item), stack: nil, time: DICOMHeader.Time(item))
      // Slices of one excitation follow one another; their order is that of the places.
      plane.time.acquisition = nil
      header.planes.append(plane)
    }
  }
}
