import Foundation
import Imaging
import Prepare
import SliceStore
import TestFolders
import Testing

@Suite struct PrepareStageTests {
  private struct Stop: Error {}

  private func cohort(
    _ folder: String, _ volumes: [(Volume, LabelMap?)], names: [Int: String] = [1: "one"]
  ) throws -> CohortStore {
    let writer = try CohortWriter(folder + "/cohort.zarr")
    for (i, (volume, mask)) in volumes.enumerated() {
      var mask = mask
      mask?.names = names
      let record = CohortVolume(
        id: "v\(i)", patient: "p\(i / 2)", modality: "MR", of: volume, source: .nifti,
        sourceDigest: "none")
      try writer.add(volume: volume, record: record, labels: mask.map { [("seg", $0)] } ?? [])
    }
    try writer.finish()
    return try CohortStore(folder + "/cohort.zarr")
  }

  private func scans() -> [(Volume, LabelMap?)] {
    ["LPS", "RIP", "ASR", "SAR", "LPS", "IPL"].enumerated().map { i, orientation in
      let grid = Scans.grid(orientation, degrees: Double(5 * i))
      return (Scans.numbered(grid), i == 4 ? nil : Scans.mask(grid))
    }
  }

  private func files(_ folder: String) throws -> [String: Data] {
    var found = [String: Data]()
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      found[name] = FileManager.default.contents(atPath: folder + "/" + name)
    }
    return found
  }

  @Test func masksComeBackFromWhatTheStoreSaysAlone() throws {
    try withFolder { folder in
      let scans = scans()
      let cohort = try cohort(folder, scans)
      let report = try prepareCohort(cohort, into: folder + "/slices.zarr", recipe: PrepareRecipe())
      #expect(report.volumes == 6 && report.labelled == 5 && report.refused.isEmpty)
      let store = try SliceStore(folder + "/slices.zarr")
      #expect(store.attributes.labelNames == [0: "background", 1: "one", 2: "class-2"])
      var first = 0
      for (volume, scan) in zip(store.volumes, scans) {
        let geometry = try SliceGeometry(source: volume.source, canvas: volume.canvas)
        var restoration = Restoration(geometry)
        var label = [UInt8](repeating: 0, count: geometry.canvas.sliceCount)
        for k in 0..<volume.sliceCount {
          let labelled = try label.withUnsafeMutableBufferPointer {
            try store.readLabel(first + k, into: $0)
          }
          #expect(labelled == (scan.1 != nil))
          if labelled { restoration.add(labels: label, slice: k) }
        }
        if let mask = scan.1 { #expect(restoration.labelMap() == mask) }
        first += volume.sliceCount
      }
    }
  }

  @Test func interruptedWorkContinuesToTheSameBytes() throws {
    try withFolder { folder in
      let cohort = try cohort(folder, scans())
      var recipe = PrepareRecipe()
      recipe.shardBytes = 4096
      let whole = try prepareCohort(
        cohort, into: folder + "/whole.zarr", recipe: recipe, threads: 3)
      for stop in 1...5 {
        #expect(throws: Stop.self) {
          try prepareCohort(
            cohort, into: folder + "/parts.zarr", recipe: recipe,
            progress: { if $0.done == stop { throw Stop() } })
        }
      }
      let parts = try prepareCohort(
        cohort, into: folder + "/parts.zarr", recipe: recipe)
      #expect(parts == whole)
      #expect(try files(folder + "/parts.zarr") == files(folder + "/whole.zarr"))
    }
  }

  @Test func aVolumeOfOtherChannelsIsRefusedByName() throws {
    try withFolder { folder in
      let grid = Scans.grid("LPS")
      let two = Volume(
        grid: grid, leading: .channel(2), values: [Int16](repeating: 1, count: 2 * grid.count))
      let one = Scans.numbered(grid)
      let cohort = try cohort(folder, [(one, nil), (two, nil), (one, nil)])
      let report = try prepareCohort(cohort, into: folder + "/slices.zarr", recipe: PrepareRecipe())
      #expect(report.refused.map(\.volume) == ["v1"])
      #expect(
        report.refused.map(\.reason) == [.channelMismatch(volume: "v1", found: 2, expected: 1)])
      #expect(report.volumes == 2)
      #expect(throws: PrepareError.nothingSelected) {
        try prepareCohort(
          cohort, into: folder + "/none.zarr", recipe: PrepareRecipe(), select: { _ in false })
      }
    }
  }

  @Test func pointsInTimeAreVolumesOfTheirOwnWhenAsked() throws {
    try withFolder { folder in
      let grid = Scans.grid("LPS", size: SIMD3(2, 2, 3))
      let volume = Volume(grid: grid, leading: .time(2), values: [Int16](0..<24))
      let cohort = try cohort(folder, [(volume, nil)])
      var recipe = PrepareRecipe()
      recipe.intensity.kind = .none
      recipe.canvas = [8, 8]
      _ = try prepareCohort(cohort, into: folder + "/first.zarr", recipe: recipe)
      #expect(try SliceStore(folder + "/first.zarr").count == 3)
      recipe.time = .each
      _ = try prepareCohort(cohort, into: folder + "/each.zarr", recipe: recipe)
      let store = try SliceStore(folder + "/each.zarr")
      #expect(store.volumes.map(\.lead) == [0, 1])
      var slice = [Int16](repeating: 0, count: 64)
      try slice.withUnsafeMutableBufferPointer { try store.readImage(4, into: $0) }
      #expect([27, 28, 35, 36].map { slice[$0] } == [16, 17, 18, 19])
    }
  }

  @Test func masksThatNameAClassDifferentlyDoNotMix() throws {
    try withFolder { folder in
      let writer = try CohortWriter(folder + "/cohort.zarr")
      for (i, name) in ["liver", "spleen"].enumerated() {
        let volume = Scans.numbered(Scans.grid("LPS"))
        var mask = Scans.mask(volume.grid)
        mask.names = [1: name]
        let record = CohortVolume(
          id: "v\(i)", patient: "p\(i)", of: volume, source: .nifti, sourceDigest: "none")
        try writer.add(volume: volume, record: record, labels: [("seg", mask)])
      }
      try writer.finish()
      let report = try prepareCohort(
        CohortStore(folder + "/cohort.zarr"), into: folder + "/slices.zarr",
        recipe: PrepareRecipe())
      #expect(
        report.refused.map(\.reason) == [.classNames(volume: "v1", label: 1, found: "spleen")])
    }
  }

  @Test func theRecipeOfAStoreMakesTheSameSlicesAgain() throws {
    try withFolder { folder in
      let cohort = try cohort(folder, scans())
      var recipe = PrepareRecipe()
      recipe.spacing = [0.8, 0.9]
      let first = try prepareCohort(cohort, into: folder + "/a.zarr", recipe: recipe)
      let recorded = try PrepareRecipe(
        recorded: SliceStore(folder + "/a.zarr").attributes.recipe)
      recipe.canvas = recorded.canvas
      #expect(recorded.canvas != nil && recorded == recipe)
      let again = try prepareCohort(cohort, into: folder + "/b.zarr", recipe: recorded)
      #expect(again.digest == first.digest)
    }
  }
}
