import Cohort
import Foundation
import Imaging
import NIfTI
import SliceStore
import TestFolders
import Testing

private func ingest(
  _ paths: [String], _ store: String, labels: String = ""
) throws -> IngestReport {
  var recipe = IngestRecipe()
  (recipe.labels, recipe.workers) = (labels, 2)
  return try Ingest.run(paths, into: store, recipe: recipe, launch: inProcess)
}

@Suite struct IngestLabelsTests {
  @Test func aDataSetFolderBringsItsLabelsAndTheirNames() throws {
    let folder = TemporaryFolder()
    for (seed, name) in ["a", "b"].enumerated() {
      try writeNIfTI(folder / "set/imagesTr/\(name).nii.gz", seed: seed)
      try writeMask(folder / "set/labelsTr/\(name).nii.gz", seed: seed)
    }
    try folder.write(
      """
      {"modality": {"0": "CT"}, "labels": {"0": "background", "1": "liver", "2": "tumour"},
       "training": [{"image": "imagesTr/a.nii.gz", "label": "labelsTr/a.nii.gz"},
                    {"image": "imagesTr/b.nii.gz", "label": "labelsTr/b.nii.gz"}]}
      """, to: "set/dataset.json")
    let report = try ingest([folder / "set"], folder / "c.zarr")
    #expect(!report.isPartial)
    #expect(report.volumes.count == 2)
    let store = try CohortStore(folder / "c.zarr")
    for record in try store.volumes {
      #expect(record.modality == "CT")
      #expect(record.labels.first?.names == [0: "background", 1: "liver", 2: "tumour"])
      let label = try store.label(record.id, "labels")
      #expect([0, 1].map { sampleMask(smallGrid, seed: $0).labels }.contains(label.labels))
    }
  }

  @Test func whatCannotBeReadAmongTheLabelsIsRefusedByName() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "s/a.nii.gz", seed: 1)
    try writeMask(folder / "m/a.nii.gz", seed: 1)
    try folder.write([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 60), to: "m/masks.zip")
    let report = try ingest([folder / "s"], folder / "c.zarr", labels: folder / "m")
    #expect(report.refusals.map(\.code) == [.unsupported])
    #expect(report.refusals.map(\.name) == [folder / "m/masks.zip"])
    #expect(try CohortStore(folder / "c.zarr").volumes.map(\.labels.count) == [1])
  }

  @Test func channelsOfSeveralFilesBecomeOneVolume() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "set/imagesTr/p_0000.nii.gz", seed: 1)
    try writeNIfTI(folder / "set/imagesTr/p_0001.nii.gz", seed: 2)
    try folder.write(
      "{\"channel_names\": {\"0\": \"T1\", \"1\": \"T2\"}, \"labels\": {\"background\": 0}}",
      to: "set/dataset.json")
    _ = try ingest([folder / "set"], folder / "c.zarr")
    let store = try CohortStore(folder / "c.zarr")
    let record = try #require(try store.volumes.first)
    #expect(record.leading == .channel(2))
    #expect(record.channelNames == ["T1", "T2"])
    let volume = try store.volume(record.id)
    #expect(volume.values(lead: 0)[5] == 1005)
    #expect(volume.values(lead: 1)[5] == 2005)
  }

  @Test func aMaskDrawnOnAnExportComesBackInAnyOrientation() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "s")
    _ = try ingest([folder / "s"], folder / "c.zarr")
    let id = try Export.run(folder / "c.zarr", into: folder / "export")[0]
    let exported = try NIfTIFile.read(folder / "export/\(id).nii.gz").volume
    #expect(exported.grid.matches(SampleSeries().grid))
    let mask = sampleMask(exported.grid)
    let turned = mask.grid.reordered(axes: [2, 0, 1], flips: [true, false, true])
    let labels = reordered(
      mask.labels, size: mask.grid.size, axes: [2, 0, 1], flips: [true, false, true])
    try FileManager.default.createDirectory(
      atPath: folder / "masks", withIntermediateDirectories: true)
    try NIfTIFile.write(
      LabelMap(grid: turned, labels: labels), to: folder / "masks/\(id)_label-organ.nii.gz")
    let report = try ingest([], folder / "c.zarr", labels: folder / "masks")
    #expect(report.volumes.map(\.labels) == [["organ"]])
    let store = try CohortStore(folder / "c.zarr")
    #expect(try store.label(id, "organ").labels == mask.labels)
    #expect(try store.volume(id) == exported)
    #expect(try verify(folder / "c.zarr").isSound)
    let before = tree(folder / "c.zarr/volumes")
    _ = try ingest([folder / "s"], folder / "c.zarr", labels: folder / "masks")
    #expect(tree(folder / "c.zarr/volumes") == before)
  }

  @Test func aMaskOnAnotherGridIsRefusedAndItsImageTaken() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "i/a.nii.gz")
    var shifted = smallGrid
    shifted.affine.origin.x += 1
    try writeMask(folder / "m/a.nii.gz", grid: shifted)
    try writeNIfTI(folder / "m/a_label-values.nii.gz", seed: -1)
    let report = try ingest([folder / "i"], folder / "c.zarr", labels: folder / "m")
    #expect(report.volumes.map(\.labels) == [[]])
    #expect(Set(report.refusals.map(\.code)) == [.labelGrid, .labelValues])
  }

  @Test func namesOfMasksInOtherScriptsStayApartUnlessTheyAreThePatients() throws {
    let folder = TemporaryFolder()
    var series = SampleSeries()
    series.patientName = "Li^Ming=李^明"
    try series.write(to: folder / "s")
    _ = try ingest([folder / "s"], folder / "c.zarr")
    let id = try CohortStore(folder / "c.zarr").ids[0]
    for name in ["肝", "脾", "李"] {
      try writeMask(folder / "m/\(id)_\(name).nii.gz", grid: series.grid)
    }
    let report = try ingest([], folder / "c.zarr", labels: folder / "m")
    #expect(report.volumes.map { $0.labels.sorted() } == [["labels", "u809D", "u813E"]])
  }

  /// TotalSegmentator's data set: a folder a subject, with its image and a folder of masks.
  @Test func aFolderOfSegmentationsGoesWithTheImageBesideIt() throws {
    let folder = TemporaryFolder()
    for (seed, subject) in ["s0001", "s0002"].enumerated() {
      try writeNIfTI(folder / "set/\(subject)/ct.nii.gz", seed: seed)
      try writeMask(folder / "set/\(subject)/segmentations/liver.nii.gz", seed: seed)
      try writeMask(folder / "set/\(subject)/segmentations/spleen.nii.gz", seed: seed + 2)
    }
    let report = try ingest([folder / "set"], folder / "c.zarr")
    #expect(!report.isPartial)
    #expect(report.volumes.map(\.labels) == [["liver", "spleen"], ["liver", "spleen"]])
    let store = try CohortStore(folder / "c.zarr")
    let found = Set(try store.ids.map { try store.label($0, "liver").labels })
    #expect(found == Set([0, 1].map { sampleMask(smallGrid, seed: $0).labels }))
    #expect(try ingest([folder / "set"], folder / "c.zarr").refusals.isEmpty)
  }

  @Test func masksOfFormatsThatAreNotReadAreNotPassedOver() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "i/a.nii.gz")
    try folder.write("NRRD0004\n", to: "m/a.seg.nrrd")
    try folder.write("seen by nobody", to: "m/readme.txt")
    let report = try ingest([folder / "i"], folder / "c.zarr", labels: folder / "m")
    #expect(report.refusals.map(\.name) == [folder / "m/a.seg.nrrd"])
    #expect(report.refusals.map(\.code) == [.unsupported])
  }

  @Test func aMaskThatHasChangedReplacesItsPredecessor() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "i/a.nii.gz")
    try writeMask(folder / "m/a.nii.gz", seed: 0)
    try writeMask(folder / "m/a_label-other.nii.gz", seed: 2)
    _ = try ingest([folder / "i"], folder / "c.zarr", labels: folder / "m")
    try writeMask(folder / "m/a.nii.gz", seed: 1)
    try FileManager.default.removeItem(atPath: folder / "m/a_label-other.nii.gz")
    _ = try ingest([folder / "i"], folder / "c.zarr", labels: folder / "m")
    let store = try CohortStore(folder / "c.zarr")
    #expect(try store.label(store.ids[0], "labels").labels == sampleMask(smallGrid, seed: 1).labels)
    #expect(try store.label(store.ids[0], "other").labels == sampleMask(smallGrid, seed: 2).labels)
  }
}
