import Cohort
import DICOM
import Foundation
import SliceStore
import TestFolders
import Testing

@Suite struct BurnedInTests {
  /// What an ingest of one series says when its header has been changed.
  private func ingest(
    allow: Bool = false, _ change: @escaping (DICOMWriter.Item) throws -> Void
  ) throws -> (report: IngestReport, flags: [String]) {
    let folder = TemporaryFolder()
    try SampleSeries(change: change).write(to: folder / "d")
    var recipe = IngestRecipe()
    recipe.allowBurnedIn = allow
    let report = try Ingest.run(
      [folder / "d"], into: folder / "c.zarr", recipe: recipe, launch: inProcess)
    return (report, try CohortStore(folder / "c.zarr").volumes.first?.flags ?? [])
  }

  @Test(arguments: ["US", "XA", "RF", "ES", "XC", "SC"])
  func devicesThatWriteIntoThePictureAreRefusedUnlessDeclaredClean(_ modality: String) throws {
    func put(_ item: DICOMWriter.Item, _ declared: String?) throws {
      try item.put(0x0008_0060, "CS", modality)
      if let declared { try item.put(0x0028_0301, "CS", declared) }
    }
    let refused = try ingest { try put($0, nil) }.report
    #expect(refused.refusals.map(\.code) == [.burnedIn])
    #expect(refused.refusals.map(\.files) == [4])
    #expect(refused.volumes.isEmpty)
    #expect(try ingest { try put($0, "NO") }.report.volumes.count == 1)
    let allowed = try ingest(allow: true) { try put($0, nil) }
    #expect(allowed.report.volumes.count == 1)
    #expect(allowed.flags.contains("burned-in-allowed"))
  }

  @Test func whatSaysSoItselfIsRefusedWhateverItIs() throws {
    let report = try ingest { try $0.put(0x0028_0301, "CS", "YES") }.report
    #expect(report.refusals.map(\.code) == [.burnedIn])
  }

  @Test(arguments: [
    ("DERIVED\\SECONDARY\\SCREEN SAVE", true), ("DERIVED\\SECONDARY\\OTHER\\CT_SOM5 PROT", true),
    ("ORIGINAL\\SECONDARY\\OTHER\\CSA REPORT", true), ("DERIVED\\SECONDARY\\MPR", false),
    ("DERIVED\\PRIMARY\\PROTON_DENSITY", false), ("ORIGINAL\\PRIMARY\\AXIAL", false),
  ])
  func capturedScreensAreToldFromReformattedImages(_ type: String, _ isRefused: Bool) throws {
    let report = try ingest { try $0.put(0x0008_0008, "CS", type) }.report
    #expect(report.refusals.map(\.code) == (isRefused ? [.burnedIn] : []))
  }

  @Test func aSecondaryCaptureIsOneWhateverItsModality() throws {
    let report = try ingest {
      try $0.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.7")
    }.report
    #expect(report.refusals.map(\.code) == [.burnedIn])
    let workstation = try ingest { try $0.put(0x0008_0064, "CS", "WSD") }.report
    #expect(workstation.refusals.map(\.code) == [.burnedIn])
  }
}
