import Imaging
import SliceStore
import TestFolders
import Testing

@Suite struct CohortPlanesTests {
  /// Planes across every axis of a volume whose voxels say where they are, sagittal ones too.
  @Test(arguments: [LeadingAxis.none, .time(2), .channel(2)], [0, 1, 2])
  func planesAcrossEveryAxisAreThoseOfTheVolume(leading: LeadingAxis, axis: Int) throws {
    let folder = TemporaryFolder(inMemory: true)
    let size = SIMD3(5, 7, 4)
    let count = leading.count * 5 * 7 * 4
    let volume = Volume(
      grid: oblique(size), leading: leading, values: (0..<count).map { Int16($0) })
    let writer = try CohortWriter(folder.path)
    try writer.add(volume: volume, record: record("v", of: volume))
    try writer.finish()
    let store = try CohortStore(folder.path)
    let (across, down) = (axis == 0 ? 1 : 0, axis == 2 ? 1 : 2)
    for index in 0..<size[axis] {
      let lead = leading.count - 1
      let plane = try store.plane("v", axis: axis, index: index, lead: lead)
      #expect((plane.width, plane.height) == (size[across], size[down]))
      let values = plane.bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
      for row in 0..<plane.height {
        for column in 0..<plane.width {
          var at = SIMD3(0, 0, 0)
          (at[axis], at[across], at[down]) = (index, column, row)
          let expected = ((lead * 4 + at.z) * 7 + at.y) * 5 + at.x
          #expect(Int(values[row * plane.width + column]) == expected)
        }
      }
    }
  }

  /// A volume that the scanner itself cut across x: native slices stay chunks, planes are found.
  @Test func aSagittalAcquisitionKeepsItsSlices() throws {
    let folder = TemporaryFolder(inMemory: true)
    let sagittal = Affine(
      x: SIMD3(0, 1, 0), y: SIMD3(0, 0, -1), z: SIMD3(4, 0, 0), origin: SIMD3(-20, -90, 80))
    let grid = Grid(size: SIMD3(6, 5, 3), affine: sagittal)
    let volume = Volume(grid: grid, values: (0..<90).map { UInt16($0) })
    let writer = try CohortWriter(folder.path)
    try writer.add(volume: volume, record: record("v", of: volume))
    try writer.finish()
    let store = try CohortStore(folder.path)
    #expect(try store.volume("v") == volume)
    #expect(try store.record("v").grid.affine.orientation.description == "PIL")
    #expect((0..<3).map { store.slice($0).position } == [20, 16, 12])
  }
}
