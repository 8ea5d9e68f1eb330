import Foundation
import Imaging
import Prepare
import Testing

@Suite struct PreparedVolumeTests {
  private struct Oblique: Decodable {
    let size: [Int], columns: [[Double]], origin: [Double], voxels: [Float]
    let spacing: [Double], canvas: [Int], corner: [Double], found: [Float]
  }

  private func plain(_ change: (inout PrepareRecipe) -> Void = { _ in }) -> PrepareRecipe {
    var recipe = PrepareRecipe()
    recipe.intensity.kind = .none
    change(&recipe)
    return recipe
  }

  private func vector(_ v: [Double]) -> SIMD3<Double> { SIMD3(v[0], v[1], v[2]) }

  @Test func anObliqueScanIsResampledAsSimpleITKDoes() throws {
    let answer = try Scans.fixture("oblique.json", as: Oblique.self)
    let affine = Affine(
      x: vector(answer.columns[0]), y: vector(answer.columns[1]), z: vector(answer.columns[2]),
      origin: vector(answer.origin))
    let grid = Grid(size: SIMD3(answer.size[0], answer.size[1], answer.size[2]), affine: affine)
    let prepared = try PreparedVolume(
      Volume(grid: grid, values: answer.voxels), modality: "MR",
      recipe: plain { $0.spacing = answer.spacing }, canvas: answer.canvas)
    #expect(length(prepared.geometry.canvas.affine.origin - vector(answer.corner)) < 1e-6)
    let values = (0..<prepared.sliceCount).flatMap { prepared.values(slice: $0) }
    #expect(values.count == answer.found.count)
    let worst = zip(values, answer.found).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst < 0.01)
  }

  /// The round field of a scan in a square of −2000, a value that no measurement has.
  @Test func paddingIsDarkestAndDoesNotCountWhenIntensitiesAreNormalised() throws {
    let grid = Grid(size: SIMD3(32, 32, 4), affine: .identity)
    let inside = (0..<grid.count).map { at in
      let (x, y) = (at % 32 - 16, at / 32 % 32 - 16)
      return x * x + y * y < 200
    }
    let measured = (0..<grid.count).map { Int16(($0 * 7919) % 997) }
    func prepared(around ring: Int16, padding: ClosedRange<Double>?) throws -> PreparedVolume {
      var volume = Volume(
        grid: grid, values: zip(measured, inside).map { $1 ? $0 : ring },
        scaling: Scaling.perSlice(slope: [1, 1, 2, 2], intercept: [0, -5, 0, 0]))
      volume.padding = padding
      return try PreparedVolume(
        volume, modality: "PT", recipe: PrepareRecipe(), canvas: [32, 32])
    }
    let ringed = try prepared(around: -2000, padding: -2000 ... -2000)
    let other = try prepared(around: -1999, padding: -2000 ... -1990)
    #expect(ringed.intensity == other.intensity)
    let naive = try prepared(around: -2000, padding: nil)
    #expect(naive.intensity[0].shift < ringed.intensity[0].shift - 100)
    for slice in 0..<4 {
      #expect(ringed.values(slice: slice) == other.values(slice: slice))
      for (at, value) in ringed.values(slice: slice).enumerated() where !inside[at] {
        #expect(value == ringed.intensity[0].darkest)
      }
    }
  }

  @Test func keptSpacingKeepsEveryVoxel() throws {
    for grid in Scans.all {
      let prepared = try PreparedVolume(
        Scans.numbered(grid), modality: "MR", recipe: plain(), canvas: [32, 32])
      for k in [0, grid.size.z - 1] {
        let values = prepared.values(slice: k)
        for pixel in [SIMD3(12.0, 12, Double(k)), SIMD3(16, 14, Double(k))] {
          let v = prepared.geometry.sourceIndex(canvas: pixel)
          let expected = min(Float(v.x + 100 * v.y + 10_000 * v.z), 32_767)
          #expect(values[Int(pixel.y) * 32 + Int(pixel.x)] == expected)
        }
      }
    }
  }

  @Test func scalingThatDiffersBySliceIsAppliedInEveryPlane() throws {
    let grid = Scans.grid("LPS", size: SIMD3(4, 5, 3), spacing: SIMD3(1, 1, 1))
    var volume = Volume(grid: grid, values: [UInt8](repeating: 10, count: grid.count))
    volume.scaling = .perSlice(slope: [1, 2, 3], intercept: [0, 5, -1])
    let reals: [Float] = [10, 25, 29]
    for plane in [PlaneChoice.nativeX, .nativeY, .nativeZ] {
      let prepared = try PreparedVolume(
        volume, modality: "MR", recipe: plain { $0.plane = plane }, canvas: [5, 5])
      for k in 0..<prepared.sliceCount {
        let values = prepared.values(slice: k)
        for y in 0..<5 {
          for x in 0..<5 where values[y * 5 + x] > -32_768 {
            let v = prepared.geometry.sourceIndex(
              canvas: SIMD3(Double(x), Double(y), Double(k)))
            #expect(values[y * 5 + x] == reals[Int(v.z)])
          }
        }
      }
    }
  }

  @Test func theWindowOfCTBecomesMinusOneToOne() throws {
    let grid = Scans.grid("LPS", size: SIMD3(4, 1, 1), spacing: SIMD3(1, 1, 1))
    let volume = Volume(grid: grid, values: [Int16(-1000), -160, 40, 3000])
    let prepared = try PreparedVolume(
      volume, modality: "CT", recipe: PrepareRecipe(), canvas: [1, 6])
    #expect(prepared.values(slice: 0) == [-1, -1, -1, 0, 1, -1])
    #expect(prepared.image(slice: 0) == [-4096, -4096, -4096, 0, 4096, -4096])
  }

  @Test func percentilesAreClippedAndTheRestIsStandardised() throws {
    let grid = Scans.grid("LPS", size: SIMD3(50, 40, 2))
    var values = (0..<grid.count).map { Float($0 % 97) }
    values[17] = 1e7
    values[18] = .nan
    let prepared = try PreparedVolume(
      Volume(grid: grid, values: values), modality: "MR", recipe: PrepareRecipe(),
      canvas: [40, 50])
    let found = (0..<2).flatMap { prepared.values(slice: $0) }
    let (mean, deviation) = meanAndDeviation(found)
    #expect(abs(mean) < 0.01 && abs(deviation - 1) < 0.01)
    #expect(found.allSatisfy { $0.isFinite && abs($0) < 2 })
    #expect(found.contains(prepared.intensity[0].darkest))
  }

  @Test func aFlatVolumeDoesNotDivideByZero() throws {
    let grid = Scans.grid("LPS", size: SIMD3(4, 4, 2))
    let volume = Volume(grid: grid, values: [Float](repeating: 7, count: grid.count))
    let prepared = try PreparedVolume(
      volume, modality: "MR", recipe: PrepareRecipe(), canvas: [4, 4])
    #expect(prepared.values(slice: 1).allSatisfy { $0 == 0 })
  }

  @Test func channelsStandBehindOneAnotherAndAreNormalisedEach() throws {
    let grid = Scans.grid("LPS", size: SIMD3(4, 4, 2))
    var values = [Float]()
    for c in 0..<3 { for i in 0..<grid.count { values.append(Float(i * (c + 1) + 1000 * c)) } }
    let volume = Volume(grid: grid, leading: .channel(3), values: values)
    let all = try PreparedVolume(volume, modality: "MR", recipe: PrepareRecipe(), canvas: [4, 4])
    #expect(all.channels == 3 && all.intensity.count == 3)
    let slice = all.values(slice: 1)
    for i in 0..<16 { #expect(abs(slice[i] - slice[32 + i]) < 1e-4) }
    let some = try PreparedVolume(
      volume, modality: "MR", recipe: plain { $0.channels = [2, 0] }, canvas: [4, 4])
    #expect(some.values(slice: 0)[16] == 0 && some.values(slice: 0)[0] == 2000)
    #expect(throws: PrepareError.noSuchChannel(volume: "v", channel: 3, count: 3)) {
      try PreparedVolume(
        volume, modality: "MR", recipe: plain { $0.channels = [3] }, canvas: [4, 4], name: "v")
    }
  }

  @Test func anyNumberOfThreadsMakesTheSameSlices() throws {
    let grid = Scans.grid("ASR", degrees: 9)
    let prepared = try PreparedVolume(
      Scans.numbered(grid), label: Scans.mask(grid), modality: "MR", recipe: PrepareRecipe(),
      canvas: [16, 16])
    let images = (0..<prepared.sliceCount).flatMap { prepared.image(slice: $0) }
    let labels = (0..<prepared.sliceCount).flatMap { prepared.label(slice: $0) ?? [] }
    for threads in [1, 2, 5, 64] {
      #expect(prepared.images(threads: threads) == images)
      #expect(prepared.labels(threads: threads) == labels)
    }
  }

  @Test func aPointInTimeIsChosenByItsNumber() throws {
    let grid = Scans.grid("LPS", size: SIMD3(2, 2, 1))
    let volume = Volume(grid: grid, leading: .time(2), values: [Int16](0..<8))
    let prepared = try PreparedVolume(
      volume, modality: "MR", recipe: plain(), canvas: [2, 2], timePoint: 1)
    #expect(prepared.values(slice: 0) == [4, 5, 6, 7])
  }

  @Test func aMaskOnAnotherGridOrWithTooManyClassesIsRefused() throws {
    let grid = Scans.grid("LPS", size: SIMD3(4, 4, 2))
    let volume = Volume(grid: grid, values: [Int16](repeating: 0, count: 32))
    var moved = grid
    moved.affine.origin.x += 3
    let elsewhere = LabelMap(grid: moved, labels: [UInt16](repeating: 0, count: 32))
    #expect(throws: PrepareError.labelGrid(volume: "v")) {
      try PreparedVolume(
        volume, label: elsewhere, modality: "MR", recipe: plain(), canvas: [4, 4], name: "v")
    }
    let many = LabelMap(grid: grid, labels: [UInt16](repeating: 300, count: 32))
    #expect(throws: PrepareError.classTooLarge(volume: "v", label: 300)) {
      try PreparedVolume(
        volume, label: many, modality: "MR", recipe: plain(), canvas: [4, 4], name: "v")
    }
  }

  @Test func aScanOfVoxelsOfAnySizeIsPreparedOrRefused() throws {
    func prepared(_ size: Double) throws -> PreparedVolume {
      let grid = Scans.grid("LPS", spacing: SIMD3(size, size, 4 * size))
      let recipe = plain { $0.spacing = [1, 1] }
      return try PreparedVolume(
        Volume(grid: grid, values: [Float](repeating: 7, count: grid.count)), modality: "MR",
        recipe: recipe, canvas: recipe.canvas(for: [grid]))
    }
    let tiny = try prepared(1e-30)
    #expect(abs((tiny.values(slice: 0).max() ?? 0) - 7) < 1e-4)
    #expect(throws: PrepareError.self) { try prepared(1e6) }
  }
}
