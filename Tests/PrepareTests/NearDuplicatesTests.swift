import Foundation
import Imaging
import Prepare
import SliceStore
import TestFolders
import Testing

@Suite struct NearDuplicatesTests {
  /// A slice store of volumes of 12×12 slices whose pixels `value` gives by volume, slice, row and column.
  private func store(
    _ folder: String, volumes: Int, slices: Int, _ change: (inout PrepareRecipe) -> Void = { _ in },
    value: (Int, Int, Int, Int) -> Int
  ) throws -> (PrepareReport, SliceStore) {
    let writer = try CohortWriter(folder + "/cohort.zarr")
    for v in 0..<volumes {
      let grid = Scans.grid("LPS", size: SIMD3(12, 12, slices), spacing: SIMD3(1, 1, 4))
      let values = (0..<grid.count).map { i in
        Int16(value(v, i / 144, i / 12 % 12, i % 12))
      }
      let volume = Volume(grid: grid, values: values)
      try writer.add(
        volume: volume,
        record: CohortVolume(
          id: "v\(v)", patient: "p\(v)", of: volume, source: .nifti, sourceDigest: "none"),
        labels: [(String, LabelMap)]())
    }
    try writer.finish()
    var recipe = PrepareRecipe()
    (recipe.intensity.kind, recipe.canvas, recipe.plane) = (.none, [12, 12], .axial)
    change(&recipe)
    let report = try prepareCohort(
      CohortStore(folder + "/cohort.zarr"), into: folder + "/slices.zarr", recipe: recipe)
    return (report, try SliceStore(folder + "/slices.zarr"))
  }

  private func nearDuplicates(
    _ store: SliceStore, _ slices: some Sequence<Int>, similarity: Double
  ) throws -> [Int] {
    var found: [Int] = []
    try store.findNearDuplicates(among: slices, similarity: similarity) {
      if $1 { found.append($0) }
    }
    return found
  }

  /// Numbers without order, −100…100.
  private func noise(_ seed: Int, _ y: Int, _ x: Int) -> Int {
    var z = UInt64(seed * 1009 + y * 31 + x) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    return Int((z ^ (z >> 27)) % 201) - 100
  }

  @Test func aSliceLikeTheOneBeforeIsFoundWhateverItsBrightness() throws {
    try withFolder { folder in
      // Slices 0 1 2 3 4 5 show the pictures 0 0 1 1 1 0, ever brighter and with more contrast.
      let (report, store) = try store(folder, volumes: 2, slices: 6) { v, z, y, x in
        (z + 1) * noise(10 * v + [0, 0, 1, 1, 1, 0][z], y, x) + 50 * z
      }
      #expect(report.nearDuplicates == 6 && store.count == 12, "all slices stay in the store")
      let found = try nearDuplicates(store, 0..<12, similarity: 0.999)
      let flipped = found == [1, 3, 4, 7, 9, 10] || found == [1, 2, 4, 7, 8, 10]
      #expect(flipped, "\(found), in either order of the slices")
    }
  }

  @Test func aSliceIsComparedWithTheLastOneThatStaysSoASlowChangeIsKeptInSteps() throws {
    try withFolder { folder in
      let (_, store) = try store(folder, volumes: 1, slices: 11) { _, z, y, x in
        let t = Double(z) / 10 * .pi / 2
        return Int(
          (40 * (cos(t) * Double(noise(1, y, x)) + sin(t) * Double(noise(2, y, x)))).rounded())
      }
      // Neighbours are 9° apart: cos 9° = 0.988, cos 18° = 0.951, cos 27° = 0.891 (and a little noise).
      #expect(try nearDuplicates(store, 0..<11, similarity: 0.999).isEmpty)
      let some = try nearDuplicates(store, 0..<11, similarity: 0.93)
      #expect(some.count > 3 && some.count < 9)
      #expect(try nearDuplicates(store, 0..<11, similarity: 0).count == 10)
    }
  }

  @Test func emptySlicesAreAlikeAndVolumesAreNeverCompared() throws {
    try withFolder { folder in
      let (report, store) = try store(folder, volumes: 3, slices: 4) { _, z, y, x in
        z == 3 ? noise(3, y, x) : 7
      }
      #expect(report.nearDuplicates == 6, "two of three empty slices in each volume")
      let found = try nearDuplicates(store, 0..<12, similarity: 0.99)
      #expect(Set(found).isDisjoint(with: [0, 4, 8]), "the first slice of a volume always stays")
      #expect(try nearDuplicates(store, [0, 4, 8], similarity: 0).isEmpty)
    }
  }

  @Test func whatIsLeftOutOfPretrainingIsRecordedWhereSomethingIs() throws {
    var recipe = PrepareRecipe()
    (recipe.nearDuplicates, recipe.nearDuplicateSimilarity) = (.drop, 0.95)
    try recipe.validate()
    let json = String(decoding: try JSONEncoder().encode(PrepareRecipe()), as: UTF8.self)
    #expect(!json.contains("nearDuplicate"), "stores of older recipes are recorded as they were")
    recipe.nearDuplicateSimilarity = 1.5
    #expect(throws: PrepareError.self) { try recipe.validate() }
  }
}
