import Cohort
import DICOM
import Foundation
import TestFolders
import Testing

@Suite struct GivenNamesTests {
  @Test(arguments: [
    ("DISCOVERY MR750", "DISCOVERY MR750"), ("Ingenuity CT", "Ingenuity CT"),
    ("Prisma_fit", "Prisma fit"), ("SOMATOM Definition AS+", "SOMATOM Definition"),
    ("MAGNETOM Prisma Mercy Hospital", "MAGNETOM Prisma"), ("St. Elsewhere", nil),
    ("Skyra 19500102", "Skyra"), ("64", nil), ("Aquilion ONE", "Aquilion ONE"), ("", nil),
  ])
  func aModelKeepsTheWordsOfScanners(_ text: String, _ kept: String?) throws {
    #expect(try header { try $0.put(0x0008_1090, "LO", text) }.acquisition.model == kept)
  }

  @Test(arguments: [
    ("B30f", "B30f"), ("Br38d", "Br38d"), ("FC18-H", "FC18-H"), ("UB", "UB"), ("bone", "BONE"),
    ("Maria Muster", nil), ("Muster", nil), ("12345678", nil),
  ])
  func aKernelIsKeptIfItLooksLikeOne(_ text: String, _ kept: String?) throws {
    let header = try header { try $0.put(0x0018_1210, "SH", text) }
    #expect(header.acquisition.kernel == text)
    #expect(header.acquisition.allowedKernel == kept)
    #expect(header.acquisition.isAllowed)
  }

  @Test func aNumberInAWrongFieldIsNoParameter() throws {
    let header = try header {
      try $0.put(0x0018_0060, "DS", "19500102")
      try $0.put(0x0018_0087, "DS", "3")
    }
    #expect(header.acquisition.kVp == nil)
    #expect(header.acquisition.fieldStrength == 3)
  }

  @Test func wordsThatNoListHasAreNotBelieved() throws {
    var acquisition = try header { _ in }.acquisition
    #expect(acquisition.isAllowed)
    acquisition.bodyPart = "MARIA"
    #expect(!acquisition.isAllowed)
  }

  @Test func namesOfMasksAndClassesLoseWhatNamesThePatient() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "d/a")
    try writeMask(folder / "l/a_Maria.nii.gz", grid: SampleSeries().grid)
    try writeMask(folder / "l/a_lung-left.nii.gz", grid: SampleSeries().grid, seed: 1)
    try writeMask(folder / "l/a_labels.nii.gz", grid: SampleSeries().grid, seed: 2)
    try folder.write(
      #"{"1": "liver of Muster", "2": "edema 1", "3": "20210314"}"#, to: "l/labels.json")
    var recipe = IngestRecipe()
    recipe.labels = folder / "l"
    _ = try Ingest.run([folder / "d"], into: folder / "c.zarr", recipe: recipe, launch: inProcess)
    let labels = try CohortList(folder / "c.zarr").entries[0].volume.labels
    #expect(labels == ["labels", "labels-2", "lung-left"])
    let text = try String(
      contentsOfFile: folder
        / "c.zarr/volumes/\(CohortList(folder / "c.zarr").entries[0].volume.id)"
        + "/zarr.json", encoding: .utf8)
    #expect(text.contains("class 1") && text.contains("edema 1") && text.contains("class 3"))
  }

  @Test func namesOfRegionsAreGivenNamesToo() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "d/imagesTr/case_0000.nii.gz")
    try writeMask(folder / "d/labelsTr/case.nii.gz")
    try folder.write(
      #"""
      {"channel_names": {"0": "scan of 19500102"}, "file_ending": ".nii.gz", "numTraining": 1,
       "labels": {"background": 0, "tumour core": 1, "P-19500102": 2, "whole 19500102": [1, 2]}}
      """#, to: "d/dataset.json")
    _ = try Ingest.run([folder / "d"], into: folder / "c.zarr", launch: inProcess)
    #expect(try CohortList(folder / "c.zarr").entries.count == 1)
    for (name, data) in tree(folder / "c.zarr") {
      #expect(!name.contains("19500102") && data.range(of: Data("19500102".utf8)) == nil, "\(name)")
    }
  }

  private func header(_ change: @escaping (DICOMWriter.Item) throws -> Void) throws -> DICOMHeader {
    let folder = TemporaryFolder()
    return try DICOMFile.header(SampleSeries(slices: 1, change: change).write(to: folder / "s")[0])
  }
}
