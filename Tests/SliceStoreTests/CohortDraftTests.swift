import Foundation
import SliceStore
import TestFolders
import Testing
import Zarr

@Suite struct CohortDraftTests {
  let folder: TemporaryFolder
  let samples = CohortSamples()
  init() throws { folder = TemporaryFolder(inMemory: true) }

  private func draft(_ id: String, _ writer: CohortWriter) throws -> CohortDraft {
    let volume = samples.volume(id)
    return try writer.draft(
      VolumeSource(volume), record: record(id, patient: "p1", of: volume), labels: [])
  }

  @Test func aDraftIsNoVolumeUntilItIsPlaced() throws {
    let writer = try CohortWriter(folder.path + "/placed.zarr")
    let first = try draft(samples.ids[0], writer)
    #expect(writer.ids.isEmpty && !writer.contains(samples.ids[0]))
    try first.place()
    #expect(writer.ids == [samples.ids[0]])
    try writer.finish()
    #expect(try verify(writer.path).isSound)
  }

  @Test func aDraftThatIsGivenUpLeavesNothing() throws {
    let writer = try CohortWriter(folder.path + "/given-up.zarr")
    _ = try draft(samples.ids[0], writer)
    let left = try FileManager.default.subpathsOfDirectory(atPath: writer.path)
    #expect(left.allSatisfy { !$0.contains(samples.ids[0]) })
    #expect(writer.ids.isEmpty)
  }
}
