import Cohort
import DICOM
import Foundation
import SliceStore
import TestFolders
import Testing

@Suite struct ForgettingTests {
  @Test func nothingReadableOfAForgottenPatientStays() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "d/a")
    try SampleSeries(
      patientID: "FORGET-ME", patientName: "FORGET^ME", study: "2.5", series: "2.5.1",
      description: "FORGET THIS"
    ).write(to: folder / "d/FORGET-folder/s")
    // A series of theirs that was refused, and a file beside it that nobody can read.
    try SampleSeries(
      patientID: "FORGET-ME", study: "2.5", series: "2.5.2", description: "FORGET THAT", slices: 1
    ).write(to: folder / "d/FORGET-folder/t")
    try folder.write("GIF89a", to: "d/FORGET-folder/t/FORGET.dcm")
    try writeMask(folder / "l/FORGET-ME.nii.gz", grid: SampleSeries().grid)
    var recipe = IngestRecipe()
    recipe.labels = folder / "l"
    _ = try Ingest.run([folder / "d"], into: folder / "c.zarr", recipe: recipe, launch: inProcess)
    let path = Ledger.path(of: folder / "c.zarr")
    let entry = try #require(
      try CohortList(folder / "c.zarr").entries.first { $0.identity?.patient == "FORGET-ME" })
    #expect(try #require(FileManager.default.contents(atPath: path)).contains("FORGET"))

    let gone = try Forgetting.run(entry.volume.patient, from: folder / "c.zarr")
    #expect(gone == [entry.volume.id])
    #expect(try !#require(FileManager.default.contents(atPath: path)).contains("FORGET"))
    let beside = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(beside.filter { $0.hasPrefix("c.ledger") } == ["c.ledger.sqlite"])
    for (name, data) in tree(folder / "c.zarr") {
      #expect(
        !name.contains(entry.volume.patient) && !data.contains(entry.volume.patient), "\(name)")
    }
    #expect(try CohortList(folder / "c.zarr").entries.map(\.identity?.patient) == ["PAT-1"])
    #expect(try verify(folder / "c.zarr").isSound)
    #expect(try Forgetting.run("pnobody", from: folder / "c.zarr").isEmpty)
  }

  @Test func whoSharesAFolderKeepsWhatIsKnownOfThem() throws {
    let folder = TemporaryFolder()
    try SampleSeries(instances: "1").write(to: folder / "d")
    let other = TemporaryFolder()
    for path in try SampleSeries(patientID: "FORGET-ME", study: "2.5", series: "2.5.1")
      .write(to: other / "d")
    {
      let name = (path as NSString).lastPathComponent
      try FileManager.default.copyItem(atPath: path, toPath: folder / "d/x\(name)")
    }
    try folder.write("GIF89a", to: "d/broken.dcm")
    _ = try Ingest.run([folder / "d"], into: folder / "c.zarr", launch: inProcess)
    let list = try CohortList(folder / "c.zarr")
    let entry = try #require(list.entries.first { $0.identity?.patient == "FORGET-ME" })
    #expect(try Forgetting.run(entry.volume.patient, from: folder / "c.zarr").count == 1)
    let report = try String(contentsOfFile: folder / "c.zarr/report.json", encoding: .utf8)
    #expect(report.contains("not-dicom"))
    let again = try Ingest.run([folder / "d/IM1"], into: folder / "c.zarr", launch: inProcess)
    #expect(again.volumes.map(\.outcome) == [.known])
  }
}

extension Data {
  fileprivate func contains(_ text: String) -> Bool { range(of: Data(text.utf8)) != nil }
}
