import Foundation
import Imaging
import Testing

@Suite struct ContourFillTests {
  private let grid = Grid(size: SIMD3(8, 7, 3), affine: .identity)

  /// A polygon of a slice from its corners in voxels.
  private func polygon(_ corners: [(Double, Double)], z: Double = 1, on grid: Grid? = nil)
    -> [SIMD3<Double>]
  {
    corners.map { (grid ?? self.grid).affine(SIMD3($0.0, $0.1, z)) }
  }

  private func square(_ low: Double, _ high: Double) -> [(Double, Double)] {
    [(low, low), (high, low), (high, high), (low, high)]
  }

  private func rows(_ mask: StructureMask, z: Int = 1) -> [String] {
    (0..<mask.grid.size.y).map { y in
      (0..<mask.grid.size.x).map { mask.contains($0, y, z) ? "#" : "." }.joined()
    }
  }

  @Test func aVoxelIsInsideWhenItsCentreIs() throws {
    let mask = try StructureMask(filling: [polygon(square(1.4, 4.6))], on: grid)
    #expect(
      rows(mask) == [
        "........", "........", "..###...", "..###...", "..###...", "........", "........",
      ])
    #expect(mask.slices == [1])
  }

  @Test func centresOnSharedOutlinesBelongToOneStructure() throws {
    let left = try StructureMask(
      filling: [polygon([(0, 0), (3, 0), (3, 6), (0, 6)])], on: grid)
    let right = try StructureMask(
      filling: [polygon([(3, 0), (7, 0), (7, 6), (3, 6)])], on: grid)
    #expect(!left.intersects(right))
    #expect(left.count == 3 * 6 && right.count == 4 * 6)
  }

  @Test func aContourWithinAnotherIsAHole() throws {
    let mask = try StructureMask(
      filling: [polygon(square(0.5, 5.5)), polygon(square(2.5, 3.5))], on: grid)
    #expect(mask.count == 24 && !mask.contains(3, 3, 1))
  }

  @Test func theWaysOfAKeyholeCancelOut() throws {
    let keyhole = polygon(square(0.5, 5.5) + [(0.5, 0.5)] + square(2.5, 3.5) + [(2.5, 2.5)])
    let hole = try StructureMask(
      filling: [polygon(square(0.5, 5.5)), polygon(square(2.5, 3.5))], on: grid)
    #expect(try StructureMask(filling: [keyhole], on: grid) == hole)
  }

  @Test func theOrderOfPointsAndTheStartDoNotMatter() throws {
    let points = polygon([(0.3, 0.2), (6.9, 1.1), (5.2, 5.9), (2.2, 3.3), (0.9, 6.1)])
    let mask = try StructureMask(filling: [points], on: grid)
    #expect(try StructureMask(filling: [points.reversed()], on: grid) == mask)
    #expect(try StructureMask(filling: [Array(points[2...] + points[..<2])], on: grid) == mask)
  }

  @Test func anObliqueSeriesIsFilledInItsOwnPlane() throws {
    let (c, s) = (0.8, 0.6)
    let oblique = Grid(
      size: SIMD3(8, 7, 3),
      affine: Affine(
        x: SIMD3(0.7 * c, 0.7 * s, 0), y: SIMD3(-0.9 * s * 0.6, 0.9 * c * 0.6, 0.9 * 0.8),
        z: SIMD3(2.5 * s * 0.8, -2.5 * c * 0.8, 2.5 * 0.6), origin: SIMD3(-100, 40, 333)))
    let corners = [(0.3, 0.2), (6.9, 1.1), (5.2, 5.9), (2.2, 3.3), (0.9, 6.1)]
    let upright = try StructureMask(filling: [polygon(corners)], on: grid)
    let mask = try StructureMask(filling: [polygon(corners, on: oblique)], on: oblique)
    #expect(mask.planes == upright.planes)
  }

  @Test func partsOutsideOfTheGridAreCutOff() throws {
    let mask = try StructureMask(
      filling: [polygon(square(-50, 50)), polygon(square(-1e6, 1))], on: grid)
    #expect(mask.count == 8 * 7 - 1)
    #expect(throws: ContourFault.empty) {
      try StructureMask(filling: [polygon(square(1, 5), z: 9)], on: grid)
    }
  }

  @Test func aContourBetweenSlicesIsNoneOfASlice() throws {
    #expect(try StructureMask(filling: [polygon(square(1, 5), z: 1.2)], on: grid).slices == [1])
    #expect(throws: ContourFault.offPlane(contour: 1, slices: 0.5)) {
      let tilted = [SIMD3(1, 1, 1), SIMD3(5, 1, 1), SIMD3(5.0, 5, 1.5)]
      return try StructureMask(filling: [polygon(square(1, 5)), tilted], on: grid)
    }
  }

  /// Contours a third of a slice apart: those between slices add nothing, on the way and at the ends.
  @Test func contoursFinerThanSlicesArePassedOver() throws {
    let tall = Grid(size: SIMD3(8, 7, 9), affine: .identity)
    func contours(_ thirds: ClosedRange<Int>) -> [[SIMD3<Double>]] {
      thirds.map { polygon(square(0.5, $0 % 3 == 0 ? 3.5 : 5.5), z: Double($0) / 3, on: tall) }
    }
    let slices = try StructureMask(
      filling: [2, 3, 4].map { polygon(square(0.5, 3.5), z: $0, on: tall) }, on: tall)
    #expect(try StructureMask(filling: contours(4...14), on: tall) == slices)
    // Without the contour of slice 3 those beside it may stand for it.
    var holed = contours(4...14)
    holed.remove(at: 5)
    #expect(throws: ContourFault.self) { try StructureMask(filling: holed, on: tall) }
    // A step of a whole slice and more beyond the last is no finer contour.
    let late = contours(6...12) + [polygon(square(0.5, 3.5), z: 5.4, on: tall)]
    #expect(throws: ContourFault.self) { try StructureMask(filling: late, on: tall) }
  }

  @Test func hostileContoursEndAtALimit() throws {
    let zigzag = (0..<1000).map { (Double($0 % 2), $0 % 2 == 0 ? -1e8 : 1e8) }
    #expect(throws: ContourFault.tooComplex(limit: 500)) {
      try StructureMask(filling: [polygon(zigzag)], on: grid, limit: 500)
    }
    for bad in [Double.nan, .infinity, 1e300] {
      #expect(throws: ContourFault.notFinite) {
        try StructureMask(filling: [polygon([(0, 0), (bad, 2), (3, 3)])], on: grid)
      }
    }
    for few in [[], [(1.0, 1.0)], [(1, 1), (5, 5)]] {
      #expect(throws: ContourFault.empty) {
        try StructureMask(filling: [polygon(few)], on: grid)
      }
    }
  }
}
