import Cohort
import Foundation
import SliceStore
import TestFolders
import Testing

@Suite struct CohortListTests {
  @Test func theLedgerTellsSeriesApartAndIsNotNeeded() throws {
    let folder = TemporaryFolder()
    try SampleSeries(series: "1.1", description: "T1 mprage").write(to: folder / "d/a")
    try SampleSeries(series: "1.2", description: "FLAIR").write(to: folder / "d/b")
    _ = try Ingest.run([folder / "d"], into: folder / "c.zarr", launch: inProcess)
    let list = try CohortList(folder / "c.zarr")
    #expect(list.entries.count == 2)
    let flair = try list.filtered(by: ["description~flair", "modality=mr"])
    #expect(flair.entries.map(\.identity?.seriesUID) == ["1.2"])
    #expect(list.rows.count == 3)
    #expect(throws: CohortError.condition("colour=red")) { try list.filtered(by: ["colour=red"]) }
    try FileManager.default.removeItem(atPath: folder / "c.ledger.sqlite")
    #expect(try CohortList(folder / "c.zarr").entries.allSatisfy { $0.identity == nil })
  }

  @Test func aPatientCanBeForgotten() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "d/a")
    try SampleSeries(
      patientID: "FORGET-ME", patientName: "FORGET^ME", study: "2", series: "2.1"
    ).write(to: folder / "d/b")
    _ = try Ingest.run([folder / "d"], into: folder / "c.zarr", launch: inProcess)
    let entry = try #require(
      try CohortList(folder / "c.zarr").entries.first { $0.identity?.patient == "FORGET-ME" })
    let ledger = try Ledger(Ledger.path(of: folder / "c.zarr"))
    #expect(try ledger.forget(patient: entry.volume.patient) == [entry.volume.id])
    let bytes = try #require(
      FileManager.default.contents(atPath: Ledger.path(of: folder / "c.zarr")))
    #expect(bytes.range(of: Data("FORGET".utf8)) == nil)
    #expect(try ledger.volumes().map(\.patientIdentity) == ["PAT-1"])
    #expect(try ledger.headers(series: "2.1", run: 1).isEmpty)
  }
}
