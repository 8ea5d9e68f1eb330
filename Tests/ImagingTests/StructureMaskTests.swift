import Imaging
import Testing

@Suite struct StructureMaskTests {
  private let grid = Grid(size: SIMD3(5, 3, 4), affine: .identity)

  @Test func voxelsPutInAreThereAndPainted() {
    var mask = StructureMask(grid: grid)
    let voxels = [(0, 0, 0), (4, 2, 0), (3, 1, 2)]
    for (x, y, z) in voxels { mask.insert(x, y, z) }
    #expect(mask.count == 3)
    #expect(mask.slices == [0, 2])
    let slices = (0..<4).map { z in
      var labels = [UInt16](repeating: 0, count: grid.sliceCount)
      mask.paint(7, slice: z, into: &labels)
      return labels
    }
    for (x, y, z) in voxels {
      #expect(mask.contains(x, y, z))
      #expect(slices[z][y * 5 + x] == 7)
    }
    #expect(slices.joined().filter { $0 == 7 }.count == 3)
  }

  @Test func bitsBehindASlicesEndDoNotCount() {
    var mask = StructureMask(grid: grid)
    mask.set(slice: 1, bits: [0xFF, 0xFF])
    #expect(mask.count == 15)
  }

  @Test func unionAndIntersectionAreThoseOfSets() {
    var (a, b) = (StructureMask(grid: grid), StructureMask(grid: grid))
    a.insert(1, 1, 1)
    b.insert(2, 1, 1)
    #expect(!a.intersects(b))
    a.formUnion(b)
    #expect(a.intersects(b) && a.count == 2)
  }
}
