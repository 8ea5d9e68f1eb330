import Imaging
import Testing

@Suite struct LabelMapTests {
  /// Every order of axes: six permutations, eight flips.
  private static let orders: [([Int], [Bool])] = [
    [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0],
  ].flatMap { axes in
    (0..<8).map { bits in (axes, (0..<3).map { bits >> $0 & 1 == 1 }) }
  }

  /// Upright, exactly between two patient axes, and tilted as a gantry.
  private static let affines = [
    Affine(spacing: SIMD3(1, 2, 3), origin: SIMD3(-4, 5, 6)),
    Affine(
      x: SIMD3(0.5.squareRoot(), 0.5.squareRoot(), 0),
      y: SIMD3(-(0.5.squareRoot()), 0.5.squareRoot(), 0), z: SIMD3(0, 0, 1), origin: .zero),
    Affine(x: SIMD3(0.7, 0, 0), y: SIMD3(0, 0.7, 0), z: SIMD3(0, 1.2, 3), origin: SIMD3(9, 8, 7)),
  ]

  @Test(arguments: affines.indices)
  func aMaskComesBackFromEachOf48Orders(_ which: Int) throws {
    let grid = Grid(size: SIMD3(3, 4, 5), affine: Self.affines[which])
    let mask = LabelMap(grid: grid, labels: (0..<60).map { UInt16($0) }, names: [1: "one"])
    for (axes, flips) in Self.orders {
      let turned = LabelMap(
        grid: grid.reordered(axes: axes, flips: flips),
        labels: reordered(mask.labels, size: grid.size, axes: axes, flips: flips),
        names: mask.names)
      #expect(turned.aligned(to: grid) == mask)
    }
    #expect(Self.orders.count == 48)
  }

  @Test func theSlicesOfAMaskAreTheWholeOfIt() {
    let grid = Grid(size: SIMD3(3, 4, 5), affine: Self.affines[0])
    let mask = LabelMap(grid: grid, labels: (0..<60).map { UInt16($0) })
    #expect((0..<5).flatMap(mask.classes(slice:)) == mask.labels)
  }

  @Test func aDifferenceIsSaidInTheVolumesAxes() {
    let volume = Grid(
      size: SIMD3(8, 6, 4), affine: Affine(spacing: SIMD3(1, 2, 3), origin: SIMD3(1, 1, 1)))
    var mask = volume.reordered(axes: [2, 0, 1], flips: [true, false, false])
    mask.affine.origin.y += 1.5
    var difference = GridDifference(mask, volume)
    #expect(difference.shift == 1.5 && difference.spacingRatio == [1, 1, 1])
    #expect(difference.angle == 0 && difference.size == [8, 6, 4])
    let coarse = Grid(
      size: SIMD3(4, 6, 4), affine: Affine(spacing: SIMD3(2, 2, 3), origin: SIMD3(1.5, 1, 1)))
    difference = GridDifference(coarse, volume)
    #expect(difference.shift == 0 && difference.spacingRatio == [2, 1, 1])
  }

  @Test func nearestTakesTheVoxelThatHoldsTheCentre() {
    let mask = LabelMap(
      grid: Grid(size: SIMD3(2, 1, 1), affine: Affine(spacing: SIMD3(2, 1, 1))), labels: [3, 4])
    let fine = Grid(
      size: SIMD3(6, 1, 1), affine: Affine(spacing: SIMD3(1, 1, 1), origin: SIMD3(-1.5, 0, 0)))
    #expect(mask.resampled(to: fine, by: .nearest).labels == [0, 3, 3, 4, 4, 0])
  }

  @Test func majorityCountsTheVoxelsThatFitIn() {
    let mask = LabelMap(
      grid: Grid(size: SIMD3(6, 1, 1), affine: .identity), labels: [1, 1, 2, 5, 0, 7])
    let coarse = Grid(
      size: SIMD3(2, 1, 1), affine: Affine(spacing: SIMD3(3, 1, 1), origin: SIMD3(1, 0, 0)))
    #expect(mask.resampled(to: coarse, by: .majority).labels == [1, 0])
    #expect(mask.resampled(to: coarse, by: .nearest).labels == [1, 0])
    let even = LabelMap(grid: mask.grid, labels: [5, 2, 2, 5, 9, 9])
    #expect(even.resampled(to: coarse, by: .majority).labels == [2, 9])
  }

  @Test(arguments: LabelResampling.allCases)
  func onItsOwnGridNothingChanges(_ method: LabelResampling) {
    let grid = Grid(
      size: SIMD3(3, 4, 5), affine: Affine(spacing: SIMD3(0.3, 1.7, 2.1), origin: SIMD3(7, 8, 9)))
    let mask = LabelMap(grid: grid, labels: (0..<60).map { UInt16($0) })
    #expect(mask.resampled(to: grid, by: method) == mask)
  }
}
