import Imaging
import Report
import Testing

/// A ramp along x with a box of class 1 in slices 2…3, on a grid turned by `axes` and `flips`.
private func scan(
  axes: [Int] = [0, 1, 2], flips: [Bool] = [false, false, false]
) -> (volume: Volume, mask: LabelMap) {
  let grid = Grid(size: SIMD3(8, 6, 5), affine: Affine(spacing: SIMD3(1, 1, 2)))
  let values = (0..<grid.count).map { Float($0 % 8) }
  let labels = (0..<grid.count).map { at -> UInt16 in
    let (x, y, z) = (at % 8, at / 8 % 6, at / 48)
    return (2...3).contains(z) && (1...3).contains(x) && (2...4).contains(y) ? 1 : 0
  }
  let turned = grid.reordered(axes: axes, flips: flips)
  return (
    Volume(
      grid: turned, values: reordered(values, size: grid.size, axes: axes, flips: flips)),
    LabelMap(
      grid: turned, labels: reordered(labels, size: grid.size, axes: axes, flips: flips))
  )
}

@Test func everyOrientationOfTheSameScanGivesTheSamePictures() {
  let upright = scan()
  for plane in Overlay.Plane.allCases {
    let expected = Overlay(upright.volume, mask: upright.mask).picture(plane, index: 2, side: 40)
    for (axes, flips) in [([2, 0, 1], [true, false, false]), ([1, 0, 2], [false, true, true])] {
      let turned = scan(axes: axes, flips: flips)
      #expect(
        Overlay(turned.volume, mask: turned.mask).picture(plane, index: 2, side: 40) == expected)
    }
  }
}

@Test func pixelsAreSquareInMillimetres() {
  let (volume, mask) = scan()
  let coronal = Overlay(volume, mask: mask).picture(.coronal, index: 0, side: 80)
  #expect(coronal.width == 64 && coronal.height == 80)
}

@Test func theMaskIsColouredAndTheTruthIsOutlined() {
  let (volume, mask) = scan()
  var nothing = mask
  nothing.labels = mask.labels.map { _ in 0 }
  let filled = Overlay(volume, mask: mask).picture(.axial, index: 2, side: 80)
  let outlined = Overlay(volume, mask: nothing, truth: mask).picture(.axial, index: 2, side: 80)
  func isGrey(_ c: Picture.Colour) -> Bool { c.red == c.green && c.green == c.blue }
  #expect(!isGrey(filled[25, 35]) && isGrey(filled[50, 35]))
  #expect(outlined[10, 35] == palette(1) && isGrey(outlined[25, 35]))
}

@Test func aSheetShowsTheSlicesThatHoldTheMask() {
  let (volume, mask) = scan()
  let overlay = Overlay(volume, mask: mask)
  let sheet = overlay.sheet(.axial, count: 12, columns: 2, side: 40)
  #expect(sheet.width == 84 && sheet.height == 30)
  #expect(overlay.sheet(.axial, count: 1, columns: 2, side: 40).width == 40)
}
