import Imaging
import Prepare
import Testing

@Suite struct SliceGeometryTests {
  private func geometry(_ grid: Grid, _ change: (inout PrepareRecipe) -> Void = { _ in }) throws
    -> SliceGeometry
  {
    var recipe = PrepareRecipe()
    change(&recipe)
    return try SliceGeometry(source: grid, recipe: recipe, canvas: recipe.canvas(for: [grid]))
  }

  @Test func theCoarsestAxisIsCutAcross() throws {
    for (spacing, axis) in [
      (SIMD3(1.0, 1, 4), 2), (SIMD3(4.0, 1, 1), 0), (SIMD3(1.0, 4, 1), 1),
      (SIMD3(1.0, 1.0, 1.51), 2),
    ] {
      #expect(try geometry(Scans.grid("LPS", spacing: spacing)).axis == axis)
    }
  }

  @Test func nearlyEqualSpacingIsCutAxially() throws {
    for spacing in [SIMD3(1.0, 1, 1), SIMD3(1.5, 1, 1), SIMD3(3.0, 3, 1)] {
      #expect(try geometry(Scans.grid("LPS", spacing: spacing)).axis == 2)
      #expect(try geometry(Scans.grid("ASR", spacing: spacing)).axis == 1)
    }
  }

  @Test func aRecipeOverridesThePlane() throws {
    let grid = Scans.grid("ASR", spacing: SIMD3(1, 1, 4))
    let axes: [PlaneChoice: Int] = [
      .auto: 2, .axial: 1, .coronal: 0, .sagittal: 2, .nativeX: 0, .nativeY: 1, .nativeZ: 2,
    ]
    for (plane, axis) in axes {
      #expect(try geometry(grid) { $0.plane = plane }.axis == axis)
    }
  }

  @Test func slicesLieAsRadiologistsShowThem() throws {
    let shown: [(PlaneChoice, String)] = [
      (.axial, "LPS"), (.coronal, "LIP"), (.sagittal, "PIL"),
    ]
    for grid in Scans.all {
      for (plane, orientation) in shown {
        let canvas = try geometry(grid) { $0.plane = plane }.canvas
        #expect(canvas.affine.orientation.description == orientation)
      }
    }
  }

  @Test func pixelAndVoxelAreAtTheSamePlaceInThePatient() throws {
    for grid in Scans.all {
      for spacing in [nil, [0.7, 1.3]] {
        let geometry = try geometry(grid) { $0.spacing = spacing }
        for pixel in [SIMD3(0.0, 0, 0), SIMD3(15, 3, 2), SIMD3(4.5, 7.25, 5)] {
          let voxel = geometry.sourceIndex(canvas: pixel)
          #expect(length(geometry.canvas.affine(pixel) - grid.affine(voxel)) < 1e-9)
          #expect(length(geometry.canvasIndex(source: voxel) - pixel) < 1e-9)
        }
      }
    }
  }

  @Test func twoGridsSayTheWholeLayout() throws {
    for grid in Scans.all {
      for spacing in [nil, [0.7, 1.3]] {
        let first = try geometry(grid) { $0.spacing = spacing }
        let again = try SliceGeometry(source: grid, canvas: first.canvas)
        #expect(again.axes == first.axes && again.flips == first.flips)
        let pixel = SIMD3(3.0, 5, 1)
        #expect(length(again.sourceIndex(canvas: pixel) - first.sourceIndex(canvas: pixel)) < 1e-6)
      }
    }
  }

  @Test func aTurnedCanvasIsRefused() throws {
    let grid = Scans.grid("LPS")
    let turned = Scans.grid("LPS", degrees: 5)
    #expect(throws: PrepareError.foreignCanvas) {
      try SliceGeometry(source: grid, canvas: turned)
    }
  }

  @Test func aCanvasIsMultiplesOfSixteenThatHoldTheLargestSlice() {
    let small = Scans.grid("LPS", size: SIMD3(30, 16, 4))
    let tall = Scans.grid("LPS", size: SIMD3(10, 33, 4))
    #expect(PrepareRecipe().canvas(for: [small]) == [16, 32])
    #expect(PrepareRecipe().canvas(for: [small, tall]) == [48, 32])
    var recipe = PrepareRecipe()
    recipe.spacing = [1.1, 0.45]
    #expect(recipe.canvas(for: [small]) == [16, 64])
    recipe.canvas = [20, 40]
    #expect(recipe.canvas(for: [small, tall]) == [20, 40])
  }

  @Test func positionsAreMillimetresAlongTheNormal() throws {
    let geometry = try geometry(Scans.grid("ASR", degrees: 20))
    #expect(abs(abs(geometry.position(slice: 3) - geometry.position(slice: 0)) - 12) < 1e-4)
  }
}
