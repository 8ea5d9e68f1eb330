import Cohort
import DICOM
import Foundation
import Imaging
import NIfTI
import SliceStore
import TestFolders
import Testing

@discardableResult
private func ingest(
  _ paths: [String], _ store: String, key: String, labels: String = "", workers: Int = 2
) throws -> IngestReport {
  var recipe = IngestRecipe()
  (recipe.key, recipe.labels, recipe.workers) = (key, labels, workers)
  return try Ingest.run(paths, into: store, recipe: recipe, launch: inProcess)
}

/// Two DICOM patients, a NIfTI file, a broken file and a text.
private func hospital(_ folder: TemporaryFolder) throws -> String {
  try SampleSeries().write(to: folder / "disk/CANARY-FOLDER/a")
  try SampleSeries(
    patientID: "CANARY-ID", patientName: "CANARY^NAME", study: "1.2.777.2", series: "1.2.777.2.1",
    description: "CANARY-SERIES", date: "19991231"
  ).write(to: folder / "disk/b")
  try writeNIfTI(folder / "disk/nifti/CANARY-FILE.nii.gz", seed: 3)
  try folder.write("GIF89a", to: "disk/CANARY-BROKEN.dcm")
  try folder.write("hello", to: "disk/readme.txt")
  try folder.write([UInt8](0..<32), to: "key")
  return folder / "disk"
}

@Suite struct IngestTests {
  @Test func whatIsSoundIsTakenAndTheRestRefusedByName() throws {
    let folder = TemporaryFolder()
    let disk = try hospital(folder)
    let report = try ingest([disk], folder / "c.zarr", key: folder / "key")
    #expect(report.volumes.count == 3)
    #expect(report.volumes.allSatisfy { $0.isNew == true })
    #expect(report.refusals.map(\.code) == [.notDICOM])
    #expect(report.refusals.map(\.name) == [disk + "/CANARY-BROKEN.dcm"])
    #expect(report.isPartial)
    #expect(report.others == 1)
    let store = try CohortStore(folder / "c.zarr")
    #expect(Set(try store.volumes.map(\.patient)).count == 3)
    let series = try #require(try store.volumes.first { $0.source == .dicom })
    #expect(series.grid.matches(SampleSeries().grid))
    #expect(try verify(folder / "c.zarr").isSound)
  }

  @Test func nothingInTheStoreOrAnExportNamesAnybody() throws {
    let folder = TemporaryFolder()
    try ingest([hospital(folder)], folder / "c.zarr", key: folder / "key")
    try Export.run(folder / "c.zarr", into: folder / "export")
    let forbidden = [
      "CANARY", "Muster", "Maria", "PAT-1", "t1 structural", "1.2.3.1", "1.2.777", "20210314",
      "19991231", "19500102", folder.path,
    ]
    for root in ["c.zarr", "export"] {
      let files = tree(folder / root)
      #expect(files.count > 5)
      for (name, data) in files {
        for word in forbidden {
          #expect(!name.contains(word), "\(word) in the name \(name)")
          #expect(data.range(of: Data(word.utf8)) == nil, "\(word) in \(name)")
        }
      }
    }
    let list = try CohortList(folder / "c.zarr")
    #expect(list.entries.contains { $0.identity?.patientName == "CANARY^NAME" })
  }

  @Test func aRunThatWasInterruptedEndsInTheSameBytes() throws {
    let folder = TemporaryFolder()
    let disk = try hospital(folder)
    try ingest([disk], folder / "whole.zarr", key: folder / "key")
    // Some volumes whole, one half written, the store not sealed: what a kill leaves.
    try ingest([disk + "/b"], folder / "cut.zarr", key: folder / "key", workers: 1)
    for name in ["zarr.json", "manifest", "slices.index", "report.json"] {
      try FileManager.default.removeItem(atPath: folder / "cut.zarr/\(name)")
    }
    try folder.write("half", to: "cut.zarr/.writing/p-half/0/c/0/0/0")
    try ingest([disk], folder / "cut.zarr", key: folder / "key")
    #expect(tree(folder / "cut.zarr") == tree(folder / "whole.zarr"))
  }

  @Test func runningAgainTakesOnlyWhatIsNew() throws {
    let folder = TemporaryFolder()
    let disk = try hospital(folder)
    try ingest([disk], folder / "c.zarr", key: folder / "key")
    let before = tree(folder / "c.zarr")
    let again = try ingest([disk], folder / "c.zarr", key: folder / "key")
    #expect(again.volumes.filter { $0.isNew == true }.isEmpty)
    #expect(again.refusals.count == 1)
    #expect(tree(folder / "c.zarr") == before)
    try SampleSeries(patientID: "P3", study: "1.9", series: "1.9.1").write(to: disk + "/c")
    let more = try ingest([disk], folder / "c.zarr", key: folder / "key")
    #expect(more.volumes.filter { $0.isNew == true }.count == 1)
    #expect(try CohortStore(folder / "c.zarr").ids.count == 4)
  }

  @Test func aSeriesThatHasGrownIsReadAnew() throws {
    let folder = TemporaryFolder()
    try folder.write([UInt8](0..<32), to: "key")
    try SampleSeries(slices: 3).write(to: folder / "s")
    try ingest([folder / "s"], folder / "c.zarr", key: folder / "key")
    try SampleSeries(slices: 4).write(to: folder / "s")
    let report = try ingest([folder / "s"], folder / "c.zarr", key: folder / "key")
    #expect(report.volumes.map(\.size) == [[6, 5, 4]])
    #expect(try CohortStore(folder / "c.zarr").ids.count == 1)
  }

  @Test func theSameSeriesFromTwoFoldersIsOneVolume() throws {
    let folder = TemporaryFolder()
    try folder.write([UInt8](0..<32), to: "key")
    for copy in ["a", "b"] {
      try SampleSeries().write(to: folder / "d/\(copy)")
      try writeNIfTI(folder / "d/\(copy)/scan.nii.gz", seed: 1)
    }
    let report = try ingest([folder / "d"], folder / "c.zarr", key: folder / "key")
    #expect(report.volumes.count == 2)
    #expect(report.duplicates == 5)
  }

  @Test func theNamesDoNotDependOnTheOrderOfPaths() throws {
    let folder = TemporaryFolder()
    let disk = try hospital(folder)
    try ingest([disk + "/b", disk], folder / "x.zarr", key: folder / "key", workers: 1)
    try ingest([disk], folder / "y.zarr", key: folder / "key")
    #expect(tree(folder / "x.zarr") == tree(folder / "y.zarr"))
  }

  @Test func twoIngestsIntoOneStoreExcludeEachOther() throws {
    let folder = TemporaryFolder()
    let disk = try hospital(folder)
    let first = try CohortWriter(folder / "c.zarr")
    #expect(throws: StoreError.busy(path: folder / "c.zarr")) {
      try ingest([disk], folder / "c.zarr", key: folder / "key")
    }
    _ = first.ids
  }

  /// Files are noted beside the walk, and a disk may hold millions of them.
  @Test(arguments: [1, 3])
  func aLedgerThatCannotBeWrittenEndsTheWalk(_ workers: Int) throws {
    let folder = TemporaryFolder()
    for place in 0..<5200 { try folder.write("", to: "disk/\(place)") }
    try Ledger(Ledger.path(of: folder / "c.zarr")).execute(
      "CREATE TRIGGER full BEFORE INSERT ON files BEGIN SELECT RAISE(ABORT, 'full'); END")
    let seen = Locked(0)
    var recipe = IngestRecipe()
    recipe.workers = workers
    #expect(throws: CohortError.self) {
      try Ingest.run(
        [folder / "disk"], into: folder / "c.zarr", recipe: recipe, launch: inProcess
      ) { progress in seen.change { $0 = max($0, progress.done) } }
    }
    #expect(seen.value < 5120)
  }

  @Test func aSeriesOfWhichAFileCannotBeDecodedIsRefusedAndNamed() throws {
    let folder = TemporaryFolder()
    try folder.write([UInt8](0..<32), to: "key")
    let files = try SampleSeries().write(to: folder / "d/s")
    try writeNIfTI(folder / "d/n.nii.gz")
    let cut = try #require(FileManager.default.contents(atPath: files[2])).dropLast(20)
    try cut.write(to: URL(fileURLWithPath: files[2]))
    let report = try ingest([folder / "d"], folder / "c.zarr", key: folder / "key")
    #expect(report.volumes.map(\.source) == ["nifti"])
    #expect(report.refusals.contains { $0.name == files[2] && $0.subject == .file })
  }
}
