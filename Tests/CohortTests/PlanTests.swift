import Cohort
import DICOM
import Foundation
import Imaging
import TestFolders
import Testing

@Suite struct PlanTests {
  private func plan(_ relative: String, pattern: String = "") throws -> PlannedVolume {
    let file = FoundFile(path: "/data/" + relative, relative: relative, size: 1, modified: 1)
    let summary = NIfTISummary(
      digest: String(repeating: "a", count: 64), grid: smallGrid, fourth: 1)
    let planner = try Planner(Pseudonyms(key: [1]), patientFrom: pattern)
    return planner.plan([file], [summary])
  }

  @Test func thePatientIsBIDSThenThePatternThenTheName() throws {
    let pattern = "case-([a-z]+)"
    let bids = try plan("sub-07/ses-2/anat/sub-07_ses-2_T1w.nii.gz", pattern: pattern)
    #expect(bids.identity.patientIdentity == "sub-07")
    #expect(bids.flags == ["patient-from-bids"])
    let matched = try plan("study/case-xy_1.nii.gz", pattern: pattern)
    #expect(matched.identity.patientIdentity == "xy")
    #expect(matched.flags == ["patient-from-pattern"])
    let named = try plan("hippocampus_001.nii.gz", pattern: pattern)
    #expect(named.identity.patientIdentity == "hippocampus_001")
    #expect(named.flags == ["patient-from-name"])
  }

  @Test func aPatternThatIsNoneIsRefused() {
    #expect(throws: CohortError.pattern("(")) { try plan("a.nii", pattern: "(") }
  }

  @Test func theNameOfAVolumeDoesNotDependOnItsFolder() throws {
    #expect(try plan("x/a.nii.gz").identity.id == plan("y/z/a.nii.gz").identity.id)
    #expect(try plan("x/a.nii.gz").identity.id != plan("x/b.nii.gz").identity.id)
  }

  @Test func aBlankPatientIDFallsBackToTheStudy() throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries(patientID: " ").write(to: folder / "s")
    var headers: [DICOMHeader] = []
    let items = files.map { ScanItem(path: $0, kind: .dicom, partner: nil) }
    try Worker(inProcess).scan(items) { _, answer, _ in
      if case .dicom(let header) = answer { headers.append(header) }
    }
    let series = try #require(DICOMSeries.group(headers).series.first)
    let plan = try Planner(Pseudonyms(key: [1]), patientFrom: "").plan(series)
    #expect(plan.identity.patientIdentity == "study:1.2.3.1")
    #expect(plan.flags == ["patient-from-study"])
  }
}
