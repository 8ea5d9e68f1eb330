import Cohort
import Foundation
import Imaging
import TestFolders
import Testing

@Suite struct MaskMatchingTests {
  private let other = Grid(size: SIMD3(9, 9, 9), affine: .identity)

  private func match(
    _ masks: [String], _ candidates: [MaskMatching.Candidate], folder: String = "/none",
    grid: Grid = smallGrid
  ) -> MaskMatching {
    let files = masks.map { FoundFile(path: "/m/" + $0, relative: $0, size: 1, modified: 1) }
    let summaries = Dictionary(
      uniqueKeysWithValues: files.map {
        ($0.path, NIfTISummary(digest: "d", grid: grid, fourth: 1))
      })
    return MaskMatching(
      folder: folder, masks: files, summaries: summaries, candidates: candidates)
  }

  private func candidate(_ id: String, _ names: [String], _ grid: Grid = smallGrid)
    -> MaskMatching.Candidate
  {
    MaskMatching.Candidate(id: id, names: names, grid: grid)
  }

  @Test func theStoresNameComesFirstWithAnythingBehindIt() {
    let matching = match(
      ["p1-v1.nii.gz", "p1-v1_label-liver.nii.gz", "p1-v1_my tumour.nii", "p1-v1-seg.nii.gz"],
      [candidate("p1-v1", ["scan"]), candidate("p2-v2", ["p1-v1"])])
    #expect(
      matching.assigned["p1-v1"]?.map(\.name) == ["labels", "liver", "my-tumour"])
    #expect(matching.refusals.map(\.code) == [.labelDuplicate])
  }

  @Test func namesOfOtherScriptsAreTwoNames() {
    let matching = match(["p1-v1_肝.nii.gz", "p1-v1_脾.nii.gz"], [candidate("p1-v1", ["scan"])])
    #expect(matching.assigned["p1-v1"]?.map(\.name) == ["u809D", "u813E"])
    #expect(matching.refusals.isEmpty)
  }

  @Test func thenTheSourceThenItsFolder() {
    let candidates = [
      candidate("p1-v1", ["1.2.3", "t1", "PAT-1"]), candidate("p2-v2", ["1.2.4", "t1", "PAT-2"]),
      candidate("p3-v3", ["brain_7"]),
    ]
    let matching = match(
      ["PAT-2/seg.nii.gz", "PAT-1.nii.gz", "brain_7_mask.nii.gz", "1.2.3_label-x.nii"], candidates)
    #expect(matching.assigned["p2-v2"]?.map(\.path) == ["/m/PAT-2/seg.nii.gz"])
    #expect(matching.assigned["p1-v1"]?.map(\.name) == ["labels", "x"])
    #expect(matching.assigned["p3-v3"]?.map(\.name) == ["labels"])
    #expect(matching.refusals.isEmpty)
  }

  @Test func ofSeveralVolumesTheOneOnTheGridIsMeant() {
    let near = [candidate("p1-v1", ["PAT"]), candidate("p1-v2", ["PAT"], other)]
    #expect(match(["PAT.nii.gz"], near).assigned.keys.sorted() == ["p1-v1"])
    let both = [candidate("p1-v1", ["PAT"]), candidate("p1-v2", ["PAT"])]
    #expect(match(["PAT.nii.gz"], both).refusals.map(\.code) == [.labelAmbiguous])
    #expect(match(["nobody.nii.gz"], both).refusals.map(\.code) == [.labelUnmatched])
  }

  @Test func aTableSaysItAndNamesAreRead() throws {
    let folder = TemporaryFolder()
    try folder.write(
      "mask\tseries_instance_uid\tname\na.nii.gz\t1.2.3\torgan\nb.nii.gz\t9.9\t\n",
      to: "labels.tsv")
    try folder.write("{\"1\": \"liver\", \"2\": \"spleen\"}", to: "labels.json")
    let matching = match(
      ["a.nii.gz", "b.nii.gz"], [candidate("p1-v1", ["1.2.3"]), candidate("p2-v2", ["a"])],
      folder: folder.path)
    let mask = try #require(matching.assigned["p1-v1"]?.first)
    #expect(mask.name == "organ")
    #expect(mask.names == [1: "liver", 2: "spleen"])
    #expect(matching.refusals.map(\.code) == [.labelUnmatched])
  }
}
