import Cohort
import Foundation
import SliceStore
import TestFolders
import Testing

@discardableResult
private func ingest(_ paths: [String], _ store: String, _ folder: TemporaryFolder) throws
  -> IngestReport
{
  var recipe = IngestRecipe()
  (recipe.key, recipe.workers) = (try folder.write([UInt8](0..<32), to: "key"), 2)
  return try Ingest.run(paths, into: store, recipe: recipe, launch: inProcess)
}

/// Volumes taken, replaced, known, removed.
private func outcome(_ report: IngestReport) -> [Int] {
  [report.taken, report.replaced, report.known, report.removed]
}

private func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

@Suite struct IngestAgainTests {
  @Test func aSeriesThatHasGrownReplacesItsVolumeAndTheReportSaysSo() throws {
    let folder = TemporaryFolder()
    try SampleSeries(slices: 3).write(to: folder / "s")
    #expect(try ingest([folder / "s"], folder / "c.zarr", folder).taken == 1)
    try SampleSeries(slices: 4).write(to: folder / "s")
    let report = try ingest([folder / "s"], folder / "c.zarr", folder)
    #expect(outcome(report) == [0, 1, 0, 0])
    #expect(report.summary.contains("1 replaced"))
    try ingest([folder / "s"], folder / "whole.zarr", folder)
    #expect(tree(folder / "c.zarr") == tree(folder / "whole.zarr"))
  }

  @Test func aHeaderThatWasCorrectedReplacesItsVolumeThoughThePixelsAreTheSame() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "s")
    try ingest([folder / "s"], folder / "c.zarr", folder)
    try SampleSeries(spacing: 1.5).write(to: folder / "s")
    let report = try ingest([folder / "s"], folder / "c.zarr", folder)
    #expect(report.replaced == 1)
    #expect(try CohortStore(folder / "c.zarr").volumes.map(\.grid.affine.spacing.x) == [1.5])
  }

  @Test func aFileThatWasOnlyTouchedOrMovedIsNotTakenAgain() throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries().write(to: folder / "d/s")
    try ingest([folder / "d"], folder / "c.zarr", folder)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: files[1])
    #expect(try ingest([folder / "d"], folder / "c.zarr", folder).known == 1)
    try FileManager.default.moveItem(atPath: folder / "d/s", toPath: folder / "d/t")
    let report = try ingest([folder / "d"], folder / "c.zarr", folder)
    #expect(outcome(report) == [0, 0, 1, 0])
  }

  /// The store is made while the folder is looked through.
  @Test(arguments: ["c.zarr", "made/for/it/c.zarr"])
  func aStoreAmongTheScansIsNotAmongWhatIsFound(_ store: String) throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "d/s")
    try folder.write("text", to: "d/s.zarr/zarr.json")
    for _ in 1...2 {
      let report = try ingest([folder / "d"], folder / "d/\(store)", folder)
      #expect(report.others == 1)
      #expect(report.volumes.count == 1)
    }
    // As a shell gives `d/*`.
    let all = try FileManager.default.contentsOfDirectory(atPath: folder / "d").map {
      folder / "d/\($0)"
    }
    #expect(try ingest(all, folder / "d/\(store)", folder).others == 1)
  }

  @Test func scansInAFolderThatBecomesAStoreAreTaken() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "d/s")
    for _ in 1...2 {
      #expect(try ingest([folder / "d"], folder / "d", folder).volumes.count == 1)
    }
  }

  @Test func aFileThatWasRemovedChangesNothing() throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries().write(to: folder / "s")
    try ingest([folder / "s"], folder / "c.zarr", folder)
    let before = tree(folder / "c.zarr")
    try remove(files[3])
    try remove(files[1])
    let report = try ingest([folder / "s"], folder / "c.zarr", folder)
    #expect(outcome(report) == [0, 0, 1, 0])
    #expect(!report.isPartial)
    #expect(tree(folder / "c.zarr") == before)
  }

  /// A ledger whose table of files has the layout of version 4.
  private func makeOlder(_ ledger: Ledger) throws {
    try ledger.execute("UPDATE files SET answer = x'00'; PRAGMA user_version = 4")
  }

  @Test func afterAnUpgradeOfTheLedgerAVolumeDoesNotGiveWayToPartOfItsSlices() throws {
    let folder = TemporaryFolder()
    let store = folder / "c.zarr"
    for slice in 0..<4 { try SampleSeries(slices: 4).write(slice, to: folder / "a") }
    for slice in 4..<6 { try SampleSeries(slices: 6).write(slice, to: folder / "b") }
    try ingest([folder / "a", folder / "b"], store, folder)
    let before = tree(store)
    try makeOlder(Ledger(Ledger.path(of: store)))
    let report = try ingest([folder / "a"], store, folder)
    #expect(report.refusals.map(\.code) == [.sourceGone])
    #expect(try CohortStore(store).volumes.map(\.grid.size.z) == [6])
    #expect(outcome(try ingest([folder / "a", folder / "b"], store, folder)) == [0, 0, 1, 0])
    #expect(tree(store) == before)
    try makeOlder(Ledger(Ledger.path(of: store)))
    try remove(folder / "b")
    #expect(try ingest([folder / "a"], store, folder).refusals.map(\.code) == [.sourceGone])
    for slice in 4..<7 { try SampleSeries(slices: 7).write(slice, to: folder / "a") }
    #expect(outcome(try ingest([folder / "a"], store, folder)) == [0, 1, 0, 0])
  }

  @Test func aVolumeDoesNotGiveWayToSlicesThatAreNotAllThatItHas() throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries(slices: 4).write(to: folder / "s")
    try ingest([folder / "s"], folder / "c.zarr", folder)
    try remove(files[0])
    try SampleSeries(slices: 5).write(4, to: folder / "s")
    let report = try ingest([folder / "s"], folder / "c.zarr", folder)
    #expect(report.refusals.map(\.code) == [.sourceGone])
    #expect(try CohortStore(folder / "c.zarr").volumes.map(\.grid.size.z) == [4])
    try SampleSeries(slices: 5).write(0, to: folder / "s")
    #expect(try ingest([folder / "s"], folder / "c.zarr", folder).replaced == 1)
    #expect(try CohortStore(folder / "c.zarr").volumes.map(\.grid.size.z) == [5])
  }

  @Test func aSeriesInTwoFoldersIsOneVolumeThoughTheFoldersComeOneAfterTheOther() throws {
    let folder = TemporaryFolder()
    for z in 0..<6 { try SampleSeries().write(z, to: folder / (z < 3 ? "d/a" : "d/b")) }
    try ingest([folder / "d/a"], folder / "c.zarr", folder)
    try ingest([folder / "d/b"], folder / "c.zarr", folder)
    try ingest([folder / "d"], folder / "whole.zarr", folder)
    #expect(try CohortStore(folder / "c.zarr").volumes.map(\.grid.size.z) == [6])
    #expect(tree(folder / "c.zarr") == tree(folder / "whole.zarr"))
  }

  @Test func aVolumeWhoseFilesAllBelongToOthersNowIsGone() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "d/first")
    try ingest([folder / "d"], folder / "c.zarr", folder)
    let alone = try CohortStore(folder / "c.zarr").ids
    try SampleSeries(echo: "7.5", instances: "2.").write(to: folder / "d/second")
    let report = try ingest([folder / "d"], folder / "c.zarr", folder)
    #expect(outcome(report) == [2, 0, 0, 1])
    #expect(try Set(CohortStore(folder / "c.zarr").ids).isDisjoint(with: alone))
    try ingest([folder / "d"], folder / "whole.zarr", folder)
    #expect(tree(folder / "c.zarr") == tree(folder / "whole.zarr"))
    #expect(try CohortList(folder / "c.zarr").entries.count == 2)
  }

  @Test func aNIfTIFileThatHasChangedReplacesItsVolume() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "n/sub-1.nii.gz", seed: 1)
    try ingest([folder / "n"], folder / "c.zarr", folder)
    try writeNIfTI(folder / "n/sub-1.nii.gz", seed: 2)
    let report = try ingest([folder / "n"], folder / "c.zarr", folder)
    #expect(outcome(report) == [0, 1, 0, 0])
    try ingest([folder / "n"], folder / "whole.zarr", folder)
    #expect(tree(folder / "c.zarr") == tree(folder / "whole.zarr"))
  }

  @Test func otherNamesOfAFileAreCopiesOfItInAnyOrder() throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries().write(to: folder / "d/s")
    try FileManager.default.linkItem(atPath: files[0], toPath: folder / "d/another")
    try FileManager.default.createSymbolicLink(
      atPath: folder / "d/third", withDestinationPath: files[1])
    let report = try ingest([folder / "d"], folder / "c.zarr", folder)
    #expect(report.taken == 1 && report.files == 6 && report.duplicates == 2)
  }

  @Test func aStrictIngestEndsAtTheFirstRefusal() throws {
    let folder = TemporaryFolder()
    let path = try folder.write("GIF89a", to: "d/broken.dcm")
    var recipe = IngestRecipe()
    recipe.strict = true
    #expect {
      try Ingest.run([folder / "d"], into: folder / "c.zarr", recipe: recipe, launch: inProcess)
    } throws: { error in
      if case CohortError.refused(let refusal) = error { refusal.name == path } else { false }
    }
  }

  @Test func theBytesDoNotDependOnWorkersOrTheOrderOfFolders() throws {
    let folder = TemporaryFolder()
    for n in 0..<5 {
      try SampleSeries(patientID: "P\(n)", study: "1.9.\(n)", series: "1.9.\(n).1")
        .write(to: folder / "d/\(n)")
      try writeNIfTI(folder / "d/\(n)/sub-\(n).nii.gz", seed: n)
    }
    var recipe = IngestRecipe()
    recipe.key = try folder.write([UInt8](0..<32), to: "key")
    let paths = (0..<5).map { folder / "d/\($0)" }
    for (store, workers, paths) in [("a", 1, paths), ("b", 4, paths.reversed())] {
      recipe.workers = workers
      _ = try Ingest.run(
        paths, into: folder / "\(store).zarr", recipe: recipe, launch: inProcess)
    }
    #expect(tree(folder / "a.zarr") == tree(folder / "b.zarr"))
  }
}
