import Cohort
import Foundation
import SliceStore
import TestFolders
import Testing

/// Fault 101 of the catalogue: a file changes between its header and its voxels.
@Suite struct ChangedFileTests {
  /// Ingests a folder and runs `change` once every header has been read.
  private func ingest(
    _ folder: TemporaryFolder, workers: Int = 2, _ change: @escaping @Sendable () -> Void
  ) throws -> IngestReport {
    var recipe = IngestRecipe()
    recipe.workers = workers
    return try Ingest.run(
      [folder / "d"], into: folder / "c.zarr", recipe: recipe, launch: inProcess
    ) { progress in
      if progress.phase == .scanning, progress.done == progress.total { change() }
    }
  }

  @Test func fault101ASliceThatIsReplacedIsNotTakenForWhatItWas() throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries().write(to: folder / "d")
    let other = TemporaryFolder()
    let others = try SampleSeries(patientID: "SOMEBODY-ELSE", series: "7.7").write(to: other / "d")
    let report = try ingest(folder) { try? replace(files[2], with: others[2]) }
    #expect(report.volumes.isEmpty)
    #expect(report.refusals.map(\.code) == [.changed])
    #expect(report.refusals.map(\.files) == [4])
  }

  @Test func fault101ASliceThatIsCutOrGoneIsRefused() throws {
    for cut in [true, false] {
      let folder = TemporaryFolder()
      let files = try SampleSeries().write(to: folder / "d")
      let report = try ingest(folder) {
        if cut { truncate(files[1], 700) } else { unlink(files[1]) }
      }
      #expect(report.volumes.isEmpty && report.refusals.count == 1)
    }
  }

  @Test(arguments: [1, 2])
  func aVolumeThatCouldNotBeReadLeavesNoTraceOfAVolumeInTheLedger(_ workers: Int) throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries().write(to: folder / "d")
    #expect(try ingest(folder, workers: workers) { truncate(files[1], 700) }.refusals.count == 1)
    let ledger = try Ledger(Ledger.path(of: folder / "c.zarr"))
    #expect(try ledger.rows("SELECT id FROM volumes").isEmpty)
    #expect(try ledger.rows("SELECT path FROM files WHERE volume IS NOT NULL").isEmpty)
  }

  @Test(arguments: [1, 2])
  func aSeriesThatHasGrownBySlicesThatCannotBeReadKeepsItsVolume(_ workers: Int) throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries(slices: 3).write(to: folder / "d")
    #expect(try ingest(folder, workers: workers) {}.taken == 1)
    let before = try CohortStore(folder / "c.zarr").volumes
    let fourth = try SampleSeries().write(3, to: folder / "d")
    #expect(try ingest(folder, workers: workers) { truncate(fourth, 700) }.refusals.count == 1)
    #expect(try CohortStore(folder / "c.zarr").volumes == before)
    unlink(files[2])
    unlink(fourth)
    #expect(try ingest(folder, workers: workers) {}.known == 1)
    #expect(try CohortStore(folder / "c.zarr").volumes == before)
  }

  @Test func fault101ANIfTIFileThatGrowsAnotherGridIsRefused() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "d/a.nii")
    var grid = smallGrid
    grid.size.z += 1
    try writeNIfTI(folder / "o/b.nii", grid: grid)
    let (old, new) = (folder / "d/a.nii", folder / "o/b.nii")
    let report = try ingest(folder) { try? replace(old, with: new) }
    #expect(report.volumes.isEmpty)
    #expect(report.refusals.map(\.code) == [.changed])
  }
}

private func replace(_ path: String, with other: String) throws {
  try Data(contentsOf: URL(fileURLWithPath: other)).write(to: URL(fileURLWithPath: path))
}
