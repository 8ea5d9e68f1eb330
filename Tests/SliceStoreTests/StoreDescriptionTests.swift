import SliceStore
import TestFolders
import Testing

@Suite struct StoreDescriptionTests {
  @Test func aStoreSaysWhatItHolds() throws {
    let folder = TemporaryFolder(inMemory: true)
    let (cohort, slices) = (folder.path + "/cohort.zarr", folder.path + "/slices.zarr")
    let digest = try CohortSamples().write(cohort)
    try SliceSamples().write(slices)
    let first = try describe(cohort)
    #expect((first.kind, first.volumes, first.patients, first.slices) == ("cohort", 4, 3, 37))
    #expect(first.labels == ["seg": 3, "wide": 3] && first.groups == ["MR": 4])
    #expect(first.digest == digest)
    let second = try describe(slices)
    #expect((second.kind, second.volumes, second.patients, second.slices) == ("slices", 6, 3, 25))
    #expect(
      second.slice == [2, 6, 8] && second.groups == ["train": 2, "validation": 2, "test": 2])
    #expect(second.bytes > 1000)
  }
}
