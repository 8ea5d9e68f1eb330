import Foundation
import Imaging
import Testing

/// Parts by flooding from every voxel that no part has yet: slow and plain.
private func flooded(_ mask: LabelMap, _ connectivity: Connectivity) -> [Int32] {
  let size = mask.grid.size
  var numbers = [Int32](repeating: 0, count: mask.labels.count)
  var parts: Int32 = 0
  for seed in mask.labels.indices where mask.labels[seed] != 0 && numbers[seed] == 0 {
    parts += 1
    numbers[seed] = parts
    var waiting = [seed]
    while let at = waiting.popLast() {
      let (x, y, z) = (at % size.x, at / size.x % size.y, at / size.x / size.y)
      for step in 0..<27 {
        let (dx, dy, dz) = (step % 3 - 1, step / 3 % 3 - 1, step / 9 - 1)
        if connectivity == .faces && abs(dx) + abs(dy) + abs(dz) != 1 { continue }
        let inside =
          0..<size.x ~= x + dx && 0..<size.y ~= y + dy && 0..<size.z ~= z + dz
        guard inside else { continue }
        let other = at + dx + size.x * (dy + size.y * dz)
        guard mask.labels[other] == mask.labels[seed], numbers[other] == 0 else { continue }
        numbers[other] = parts
        waiting.append(other)
      }
    }
  }
  return numbers
}

/// Voxels of classes 0, 1 and 2 by chance, the background so often.
private func random(_ size: SIMD3<Int>, background: Double, seed: UInt64) -> LabelMap {
  var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
  func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / Double(1 << 53)
  }
  let labels = (0..<size.x * size.y * size.z).map { _ -> UInt16 in
    uniform() < background ? 0 : uniform() < 0.5 ? 1 : 2
  }
  return LabelMap(
    grid: Grid(size: size, affine: Affine(spacing: SIMD3(1, 1, 1))), labels: labels)
}

@Suite struct ComponentsTests {
  @Test(arguments: Connectivity.allCases)
  func partsAreThoseOfFlooding(_ connectivity: Connectivity) {
    let sizes = [SIMD3(7, 5, 6), SIMD3(1, 9, 4), SIMD3(16, 1, 3), SIMD3(11, 6, 1), SIMD3(1, 1, 1)]
    for (index, size) in sizes.enumerated() {
      for background in [0.0, 0.2, 0.5, 0.75, 0.95] {
        let mask = random(size, background: background, seed: UInt64(index * 7 + 1))
        let components = Components(mask, connectivity)
        let numbers = components.numbers(of: mask.grid)
        #expect(numbers == flooded(mask, connectivity), "\(size), \(background)")
        for (part, found) in components.parts.enumerated() {
          let own = numbers.indices.filter { numbers[$0] == part + 1 }
          #expect(own.count == found.voxels)
          #expect(own.allSatisfy { mask.labels[$0] == found.label })
        }
      }
    }
  }

  @Test func voxelsThatTouchAtACornerAreOnePartOnlyByCorners() {
    var mask = random(SIMD3(2, 2, 2), background: 1, seed: 1)
    (mask.labels[0], mask.labels[7]) = (3, 3)
    #expect(Components(mask, .corners).parts.map(\.voxels) == [2])
    #expect(Components(mask, .faces).parts.map(\.voxels) == [1, 1])
  }

  @Test func aPartThatWindsThroughTheWholeVolumeIsOne() {
    // Walls with a hole at alternating ends: one path of all the rest.
    let side = 41
    var mask = random(SIMD3(side, side, side), background: 1, seed: 1)
    for at in mask.labels.indices {
      let (x, y, z) = (at % side, at / side % side, at / side / side)
      let isOpenRow = y % 2 == 0 || x == (y / 2 % 2 == 0 ? side - 1 : 0)
      let isOpenSlice = z % 2 == 0 || (x == 0 && y == (z / 2 % 2 == 0 ? side - 1 : 0))
      mask.labels[at] = isOpenSlice && (z % 2 == 1 || isOpenRow) ? 1 : 0
    }
    let voxels = mask.labels.count { $0 == 1 }
    #expect(Components(mask, .faces).parts.map(\.voxels) == [voxels])
  }
}

@Suite struct ComponentRecipeTests {
  /// Runs of class 1 with 3, 1 and 3 voxels, of class 2 with 2 and 1, on voxels of 3 mm³.
  private let mask = LabelMap(
    grid: Grid(size: SIMD3(15, 1, 1), affine: Affine(spacing: SIMD3(0.5, 2, 3))),
    labels: [1, 1, 1, 0, 1, 0, 2, 2, 0, 1, 1, 1, 0, 2, 0], names: [1: "one"])

  @Test func nothingIsRemovedUnlessAskedFor() {
    #expect(ComponentRecipe().cleaned(mask) == mask)
  }

  @Test func ofEachClassTheLargestPartStaysTheFirstOfEqualOnes() {
    var recipe = ComponentRecipe()
    recipe.keepLargest = true
    let cleaned = recipe.cleaned(mask)
    #expect(cleaned.labels == [1, 1, 1, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0])
    #expect(cleaned.grid == mask.grid && cleaned.names == mask.names)
  }

  @Test func partsOfLessThanSoManyCubicMillimetresGo() {
    var recipe = ComponentRecipe()
    recipe.minimumVolume = 6
    #expect(recipe.cleaned(mask).labels == [1, 1, 1, 0, 0, 0, 2, 2, 0, 1, 1, 1, 0, 0, 0])
    recipe.minimumVolume = 6.5
    #expect(recipe.cleaned(mask).labels == [1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0])
  }

  @Test func everyClassHasItsOwnSmallestVolumeAndThoseNotNamedKeepAllParts() {
    var recipe = ComponentRecipe()
    recipe.minimumVolume = .byLabel([2: 6])
    #expect(recipe.isActive)
    #expect(recipe.cleaned(mask).labels == [1, 1, 1, 0, 1, 0, 2, 2, 0, 1, 1, 1, 0, 0, 0])
    recipe.minimumVolume = .byLabel([1: 6, 2: 7, 9: 100])
    #expect(recipe.cleaned(mask).labels == [1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0])
    recipe.minimumVolume = .byLabel([1: 0])
    #expect(!recipe.isActive && recipe.cleaned(mask) == mask)
  }

  @Test func aSmallestVolumeIsWrittenAsANumberOrByLabel() throws {
    for (volume, text) in [
      (MinimumVolume.all(6.5), #"{"minimumVolume":6.5}"#),
      (.byLabel([1: 20, 12: 0.5]), #"{"minimumVolume":{"1":20,"12":0.5}}"#),
    ] {
      struct Part: Codable { var minimumVolume: MinimumVolume }
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      #expect(
        String(decoding: try encoder.encode(Part(minimumVolume: volume)), as: UTF8.self) == text)
      #expect(try JSONDecoder().decode(Part.self, from: Data(text.utf8)).minimumVolume == volume)
    }
    #expect(!MinimumVolume.byLabel([1: -1]).isValid && !MinimumVolume.all(.nan).isValid)
  }
}
