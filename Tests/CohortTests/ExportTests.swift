import Cohort
import Foundation
import Imaging
import NIfTI
import SliceStore
import TestFolders
import Testing
import Zarr

@Suite struct ExportTests {
  private func record(_ acquisition: [String: JSON]) -> CohortVolume {
    CohortVolume(
      id: "p1-v1", patient: "p1", study: "e1", series: "s1", modality: "MR",
      of: Volume(grid: smallGrid, values: [Int16](repeating: 0, count: smallGrid.count)),
      acquisition: acquisition, source: .dicom, sourceDigest: "d")
  }

  @Test func theSidecarSpeaksBIDS() {
    let sidecar = Export.sidecar(
      of: record([
        "RepetitionTime": .number(1900), "EchoTime": .number(2.5), "FlipAngle": .number(9),
        "ManufacturerModelName": .string("Phantom"), "ShiftedStudyDate": .string("20100101"),
      ]))
    #expect(sidecar["RepetitionTime"]?.double == 1.9)
    #expect(sidecar["EchoTime"]?.double == 0.0025)
    #expect(sidecar["FlipAngle"]?.double == 9)
    #expect(sidecar["ManufacturersModelName"]?.string == "Phantom")
    #expect(sidecar["ShiftedStudyDate"] == nil)
    #expect(sidecar["Patient"]?.string == "p1")
  }

  @Test func slicesWithScalesOfTheirOwnAreWrittenAsRealValues() throws {
    let folder = TemporaryFolder()
    let stored = (0..<smallGrid.count).map { Int16($0) }
    let volume = Volume(
      grid: smallGrid, values: stored,
      scaling: .perSlice(slope: [0.5, 2], intercept: [0, -1]))
    let writer = try CohortWriter(folder / "c.zarr")
    var entry = record([:])
    entry.scaling = volume.scaling
    try writer.add(volume: volume, record: entry, labels: [("organ", sampleMask(smallGrid))])
    try writer.finish()
    #expect(try Export.run(folder / "c.zarr", into: folder / "out") == ["p1-v1"])
    let read = try NIfTIFile.read(folder / "out/p1-v1.nii.gz").volume
    #expect(read.type == .float32)
    #expect(read.values() == volume.values())
    let mask = try NIfTIFile.read(folder / "out/p1-v1_label-organ.nii.gz").volume
    #expect(LabelMap(mask)?.labels == sampleMask(smallGrid).labels)
  }
}
