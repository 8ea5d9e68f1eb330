import Imaging
import Testing

@Suite struct GridTests {
  private let grid = Grid(
    size: SIMD3(3, 4, 5),
    affine: Affine(
      x: SIMD3(0.9, 0.1, 0), y: SIMD3(-0.1, 0.9, 0.1), z: SIMD3(0, -0.3, 4), origin: SIMD3(7, 8, 9))
  )

  @Test func reorderingKeepsEveryVoxelAtItsPlace() {
    let voxels = (0..<grid.count).map { $0 }
    for axes in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]] {
      for flips in [[false, true, false], [true, true, true], [false, false, true]] {
        let turned = grid.reordered(axes: axes, flips: flips)
        let moved = reordered(voxels, size: grid.size, axes: axes, flips: flips)
        for (at, value) in moved.enumerated() {
          let n = turned.size
          let now = turned.affine(
            SIMD3(Double(at % n.x), Double(at / n.x % n.y), Double(at / (n.x * n.y))))
          let was = grid.affine(SIMD3(Double(value % 3), Double(value / 3 % 4), Double(value / 12)))
          #expect(length(now - was) < 1e-9)
        }
      }
    }
  }

  @Test func theOrderTowardsAnOrientationGivesThatOrientation() {
    for target in [Affine.identity, Affine(ras: [[0, 0, 2, 0], [1, 0, 0, 0], [0, -1, 0, 0]])] {
      let (axes, flips) = grid.order(towards: target.orientation)
      #expect(grid.reordered(axes: axes, flips: flips).affine.orientation == target.orientation)
    }
  }

  @Test func aMaskDrawnInAnotherOrientationComesBackUnchanged() throws {
    let mask = LabelMap(grid: grid, labels: (0..<60).map { UInt16($0) })
    let turned = LabelMap(
      grid: grid.reordered(axes: [2, 0, 1], flips: [true, false, true]),
      labels: reordered(
        mask.labels, size: grid.size, axes: [2, 0, 1], flips: [true, false, true]))
    #expect(turned.aligned(to: grid)?.labels == mask.labels)
  }

  @Test func aMaskHalfAVoxelAwayIsNotAligned() {
    let mask = LabelMap(grid: grid, labels: [UInt16](repeating: 1, count: 60))
    var moved = grid
    moved.affine.origin.x += 0.45
    #expect(mask.aligned(to: moved) == nil)
  }

  @Test func aTwentiethOfAVoxelIsRounding() {
    for (share, isSame) in [(0.04, true), (0.06, false)] {
      for size in [0.02, 1, 30] {
        let fine = Grid(size: SIMD3(9, 8, 7), affine: Affine(spacing: SIMD3(repeating: size)))
        var moved = fine
        moved.affine.origin.z += share * size
        #expect(moved.sharesVoxels(with: fine) == isSame)
        #expect((moved.order(of: fine) != nil) == isSame)
      }
    }
  }
}
