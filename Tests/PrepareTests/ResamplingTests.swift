import Imaging
import Prepare
import Testing

@Suite struct ResamplingTests {
  private struct Antialias: Decodable {
    let width: Int, height: Int, plane: [Float], newWidth: Int, newHeight: Int, found: [Float]
  }

  @Test func goingCoarserAveragesAsPyTorchDoes() throws {
    let answer = try Scans.fixture("antialias.json", as: Antialias.self)
    let grid = Grid(
      size: SIMD3(answer.width, answer.height, 1), affine: Affine(spacing: SIMD3(1, 1, 5)))
    var recipe = PrepareRecipe()
    recipe.intensity.kind = .none
    recipe.spacing = [
      Double(answer.height) / Double(answer.newHeight),
      Double(answer.width) / Double(answer.newWidth),
    ]
    let prepared = try PreparedVolume(
      Volume(grid: grid, values: answer.plane), modality: "MR", recipe: recipe,
      canvas: [answer.newHeight, answer.newWidth])
    let values = prepared.values(slice: 0)
    #expect(values.count == answer.found.count)
    let worst = zip(values, answer.found).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst < 0.01)
  }

  @Test func labelsTakeTheClassOfMostWeight() throws {
    let grid = Grid(size: SIMD3(6, 2, 1), affine: Affine(spacing: SIMD3(1, 1, 5)))
    let mask = LabelMap(grid: grid, labels: [1, 1, 1, 2, 2, 0, 1, 1, 1, 2, 2, 0])
    var recipe = PrepareRecipe()
    recipe.spacing = [2, 3]
    let prepared = try PreparedVolume(
      Volume(grid: grid, values: [UInt8](repeating: 0, count: 12)), label: mask, modality: "MR",
      recipe: recipe, canvas: [1, 2])
    #expect(prepared.label(slice: 0) == [1, 2])
  }
}
