import Cohort
import Foundation
import Imaging
import SliceStore
import TestFolders
import Testing

/// Masks among BIDS derivatives and in nnU-Net's folders, from end to end.
@Suite struct BIDSNameTests {
  private func ingest(_ paths: [String], _ store: String) throws -> IngestReport {
    var recipe = IngestRecipe()
    recipe.workers = 2
    return try Ingest.run(paths, into: store, recipe: recipe, launch: inProcess)
  }

  /// Two sessions, one with two contrasts on grids of their own.
  private func writeImages(_ folder: TemporaryFolder) throws {
    try writeNIfTI(folder / "b/sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz", seed: 1)
    var flair = smallGrid
    flair.affine.origin.z += 1
    try writeNIfTI(folder / "b/sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz", seed: 2, grid: flair)
    try writeNIfTI(folder / "b/sub-01/ses-b/anat/sub-01_ses-b_T1w.nii.gz", seed: 3)
  }

  @Test func derivativesFindTheImageOfTheirSubjectSessionAndGrid() throws {
    let folder = TemporaryFolder()
    try writeImages(folder)
    let anat = "b/derivatives/tool/sub-01/ses-a/anat/sub-01_ses-a_"
    try writeMask(folder / (anat + "desc-aseg_dseg.nii.gz"))
    try writeMask(folder / (anat + "label-GM_mask.nii.gz"), seed: 1)
    try writeNIfTI(folder / (anat + "label-GM_probseg.nii.gz"))
    try folder.write(
      "index\tname\n0\tbackground\n1\tgrey matter\n2\twhite matter\n",
      to: "b/derivatives/tool/desc-aseg_dseg.tsv")
    let report = try ingest([folder / "b"], folder / "c.zarr")
    #expect(!report.isPartial && report.volumes.count == 3)
    let store = try CohortStore(folder / "c.zarr")
    let labelled = try store.volumes.filter { !$0.labels.isEmpty }
    #expect(labelled.count == 1 && labelled[0].grid == smallGrid)
    #expect(labelled[0].labels.map(\.name) == ["GM", "aseg"])
    #expect(labelled[0].labels[0].names == [1: "GM"])
    #expect(labelled[0].labels[1].names[2] == "white matter")
    #expect(try store.volume(labelled[0].id).values()[5] == 1005)
  }

  @Test func aSidecarSaysWhichOfSeveralImagesIsMeant() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "b/sub-01/anat/sub-01_T1w.nii.gz", seed: 1)
    try writeNIfTI(folder / "b/sub-01/anat/sub-01_T2w.nii.gz", seed: 2)
    let mask = "b/derivatives/x/sub-01/anat/sub-01_dseg"
    try writeMask(folder / (mask + ".nii.gz"))
    #expect(
      try ingest([folder / "b"], folder / "c.zarr").refusals.map(\.code) == [.labelAmbiguous])
    try folder.write(
      "{\"Sources\": [\"bids:raw:sub-01/anat/sub-01_T2w.nii.gz\"]}", to: mask + ".json")
    #expect(try !ingest([folder / "b"], folder / "c.zarr").isPartial)
    let store = try CohortStore(folder / "c.zarr")
    let record = try #require(try store.volumes.first { !$0.labels.isEmpty })
    #expect(try store.volume(record.id).values()[5] == 2005)
  }

  @Test func regionsGetALabelImageEach() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "set/imagesTr/p_0000.nii")
    try writeMask(folder / "set/labelsTr/p.nii")
    let labels = "{\"background\": 0, \"whole tumor\": [1, 2], \"core\": [2]}"
    try folder.write(
      "{\"channel_names\": {\"0\": \"CT\"}, \"file_ending\": \".nii\", \"labels\": \(labels)}",
      to: "set/dataset.json")
    #expect(try !ingest([folder / "set"], folder / "c.zarr").isPartial)
    let store = try CohortStore(folder / "c.zarr")
    let record = try #require(try store.volumes.first)
    #expect(record.labels.map(\.name) == ["labels", "whole-tumor"])
    #expect(record.labels[0].names == [0: "background", 2: "core"])
    let mask = sampleMask(smallGrid).labels
    #expect(try store.label(record.id, "labels").labels == mask)
    #expect(try store.label(record.id, "whole-tumor").labels == mask.map { $0 > 0 ? 1 : 0 })
  }

  @Test func aClassThatTheDescriptionDoesNotNameIsRefused() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "set/imagesTr/p_0000.nii.gz")
    try writeMask(folder / "set/labelsTr/p.nii.gz")
    try folder.write(
      "{\"channel_names\": {\"0\": \"CT\"}, \"labels\": {\"background\": 0, \"liver\": 1}}",
      to: "set/dataset.json")
    let report = try ingest([folder / "set"], folder / "c.zarr")
    #expect(report.refusals.map(\.code) == [.labelUnknown])
    #expect(report.refusals[0].sentence.contains("class 2"))
    #expect(report.volumes.map(\.labels) == [[]])
  }
}
