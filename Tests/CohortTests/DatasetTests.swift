import Cohort
import Foundation
import TestFolders
import Testing

@Suite struct DatasetTests {
  @Test func aDecathlonFolderIsListed() throws {
    let folder = TemporaryFolder()
    for file in ["imagesTr/a.nii.gz", "labelsTr/a.nii.gz", "imagesTs/b.nii.gz"] {
      try folder.write("x", to: file)
    }
    try folder.write(
      """
      {"modality": {"0": "FLAIR", "1": "T1w"}, "labels": {"0": "background", "1": "edema"},
       "training": [{"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"}],
       "test": ["./imagesTs/b.nii.gz"], "numTraining": 1}
      """, to: "dataset.json")
    let dataset = try Dataset(folder.path)
    #expect(
      dataset.cases == [
        Dataset.Case(
          images: [folder / "imagesTr/a.nii.gz"], label: folder / "labelsTr/a.nii.gz"),
        Dataset.Case(images: [folder / "imagesTs/b.nii.gz"], label: nil),
      ])
    #expect(dataset.labelNames == [0: "background", 1: "edema"])
    #expect(dataset.channels == ["FLAIR", "T1w"])
    #expect(dataset.modality == "MR")
  }

  @Test func anNNUNetFolderIsFoundByItsChannels() throws {
    let folder = TemporaryFolder()
    for file in [
      "imagesTr/p_0000.nii.gz", "imagesTr/p_0001.nii.gz", "labelsTr/p.nii.gz",
      "imagesTs/q_0000.nii.gz", "imagesTs/q_0001.nii.gz",
    ] { try folder.write("x", to: file) }
    try folder.write(
      """
      {"channel_names": {"1": "PET", "0": "CT"}, "file_ending": ".nii.gz", "numTraining": 1,
       "labels": {"background": 0, "tumour": 2, "whole": [1, 2]}}
      """, to: "dataset.json")
    let dataset = try Dataset(folder.path)
    #expect(dataset.cases.map(\.images.count) == [2, 2])
    #expect(dataset.cases[0].label == folder / "labelsTr/p.nii.gz")
    #expect(dataset.channels == ["CT", "PET"])
    #expect(dataset.labelNames == [0: "background", 2: "tumour"])
    #expect(dataset.modality == "CT")
  }

  @Test func pathsThatLeadOutOfTheFolderAreRefused() throws {
    let folder = TemporaryFolder()
    try folder.write("x", to: "imagesTr/a.nii.gz")
    try folder.write(
      """
      {"training": [{"image": "../secret.nii.gz"}, {"image": "/etc/passwd"},
        {"image": "imagesTr/gone.nii.gz"}, {"image": "imagesTr/a.nii.gz"}]}
      """, to: "dataset.json")
    let dataset = try Dataset(folder.path)
    #expect(dataset.cases.count == 1)
    #expect(dataset.refusals.map(\.code) == [.dataset, .dataset, .dataset])
  }

  @Test(arguments: ["", "{", "[]", "{\"training\": 3}", "{}"])
  func whatDescribesNothingIsRefused(_ text: String) throws {
    let folder = TemporaryFolder()
    try folder.write(text, to: "dataset.json")
    #expect(throws: Refusal.self) { try Dataset(folder.path) }
  }

  @Test func nnUNetsOwnListOfCasesIsTaken() throws {
    let folder = TemporaryFolder()
    for file in ["a/x.nii.gz", "a/y.nii.gz", "l/x.nii.gz"] { try folder.write("x", to: file) }
    try folder.write(
      """
      {"channel_names": {"0": "T1", "1": "T2"}, "labels": {"background": 0, "all": [1, 2]},
       "dataset": {"one": {"images": ["a/x.nii.gz", "./a/y.nii.gz"], "label": "l/x.nii.gz"},
                   "two": {"images": ["a/gone.nii.gz"], "label": "l/x.nii.gz"},
                   "three": {"images": ["../a/x.nii.gz"]}}}
      """, to: "dataset.json")
    let dataset = try Dataset(folder.path)
    #expect(
      dataset.cases == [
        Dataset.Case(
          images: [folder / "a/x.nii.gz", folder / "a/y.nii.gz"], label: folder / "l/x.nii.gz")
      ])
    #expect(dataset.refusals.map(\.code) == [.dataset, .dataset])
    #expect(dataset.regions == ["all": [1, 2]])
  }

  @Test func aCaseThatLacksAChannelIsRefused() throws {
    let folder = TemporaryFolder()
    for file in ["p_0000.nii", "p_0001.nii", "q_0000.nii"] {
      try folder.write("x", to: "imagesTr/" + file)
    }
    try folder.write(
      "{\"channel_names\": {\"0\": \"CT\", \"1\": \"PET\"}, \"file_ending\": \".nii\"}",
      to: "dataset.json")
    let dataset = try Dataset(folder.path)
    #expect(dataset.cases.map(\.images.count) == [2])
    #expect(dataset.refusals.map(\.code) == [.channels])
  }

  @Test func filesOfAnotherKindAreSaidToBeSo() throws {
    let folder = TemporaryFolder()
    try folder.write("x", to: "imagesTr/p_0000.png")
    try folder.write("{\"file_ending\": \".png\"}", to: "dataset.json")
    #expect {
      try Dataset(folder.path)
    } throws: { ($0 as? Refusal)?.sentence.contains(".png") ?? false }
  }
}
