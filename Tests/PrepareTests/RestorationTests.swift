import Imaging
import Prepare
import Testing

@Suite struct RestorationTests {
  private func thereAndBack(
    _ mask: LabelMap, _ recipe: PrepareRecipe, canvas: [Int]? = nil, scored: Bool = false
  ) throws -> LabelMap {
    let image = Volume(grid: mask.grid, values: [UInt8](repeating: 0, count: mask.grid.count))
    let prepared = try PreparedVolume(
      image, label: mask, modality: "MR", recipe: recipe,
      canvas: canvas ?? recipe.canvas(for: [mask.grid]))
    var restoration = Restoration(prepared.geometry)
    for k in 0..<prepared.sliceCount {
      let slice = try #require(prepared.label(slice: k))
      if scored {
        let scores = (0..<3).flatMap { label in slice.map { Float(Int($0) == label ? 1 : 0) } }
        restoration.add(scores: scores, slice: k)
      } else {
        restoration.add(labels: slice, slice: k)
      }
    }
    return restoration.labelMap()
  }

  private func dice(_ a: LabelMap, _ b: LabelMap, _ label: UInt16) -> Double {
    var (both, sum) = (0, 0)
    for (x, y) in zip(a.labels, b.labels) {
      if x == label && y == label { both += 1 }
      sum += (x == label ? 1 : 0) + (y == label ? 1 : 0)
    }
    return 2 * Double(both) / Double(max(sum, 1))
  }

  @Test func masksComeBackAsTheyWentInEveryPlane() throws {
    for grid in Scans.all {
      let mask = Scans.mask(grid)
      for plane in PlaneChoice.allCases {
        var recipe = PrepareRecipe()
        recipe.plane = plane
        #expect(try thereAndBack(mask, recipe) == mask)
        #expect(try thereAndBack(mask, recipe, scored: true) == mask)
      }
    }
  }

  @Test func resampledMasksComeBackNearlyAndWhole() throws {
    for orientation in ["LPS", "ASR", "RIP"] {
      let grid = Scans.grid(
        orientation, size: SIMD3(40, 36, 9), spacing: SIMD3(1, 1.1, 4), degrees: 12)
      let mask = Scans.ball(grid, radius: 17)
      for (spacing, least) in [([0.5, 0.6], 0.98), ([1.4, 1.3], 0.93), ([0.8, 1.7], 0.93)] {
        var recipe = PrepareRecipe()
        recipe.spacing = spacing
        let back = try thereAndBack(mask, recipe, scored: true)
        #expect(back.grid == grid)
        #expect(dice(back, mask, 1) > least && dice(back, mask, 2) > least)
      }
    }
  }

  @Test func whatTheCanvasDoesNotReachIsBackground() throws {
    let grid = Scans.grid("LPS", size: SIMD3(30, 20, 3))
    let mask = LabelMap(grid: grid, labels: [UInt16](repeating: 1, count: grid.count))
    let back = try thereAndBack(mask, PrepareRecipe(), canvas: [10, 16])
    for z in 0..<3 {
      for y in 0..<20 {
        for x in 0..<30 {
          let inside = (7..<23).contains(x) && (5..<15).contains(y)
          #expect(back.labels[x + 30 * (y + 20 * z)] == (inside ? 1 : 0))
        }
      }
    }
  }

  @Test func theHighestResampledScoreWins() throws {
    let grid = Scans.grid("LPS", size: SIMD3(16, 16, 3))
    let geometry = try SliceGeometry(source: grid, recipe: PrepareRecipe(), canvas: [16, 16])
    var restoration = Restoration(geometry)
    var scores = [Float](repeating: -1, count: 3 * 256)
    scores[256 + 5 * 16 + 7] = 0.5
    scores[512 + 5 * 16 + 7] = 0.75
    restoration.add(scores: scores, slice: 1)
    let found = restoration.labelMap().labels
    #expect(found[256 + 5 * 16 + 7] == 2)
    #expect(found.reduce(0) { $0 + Int($1) } == 2)
  }
}
