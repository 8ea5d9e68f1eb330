import Cohort
import Foundation
import TestFolders
import Testing

@Suite struct SourceReaderTests {
  @Test func volumesComeOneByOneUnderNamesOfTheirOwn() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "d/x/scan")
    try SampleSeries(series: "1.7").write(to: folder / "d/y/scan")
    try writeNIfTI(folder / "d/brain.nii.gz", seed: 2)
    try folder.write("no", to: "d/bad.nii.gz")
    var names: [String] = []
    let refusals = try SourceReader.read([folder / "d"], launch: inProcess) { source in
      names.append(source.name)
      #expect((source.header != nil) == (source.name == "brain"))
      #expect(source.modality == (source.name == "brain" ? nil : "MR"))
    }
    #expect(names.count == 3)
    #expect(Set(names).count == 3)
    #expect(names.contains("brain"))
    #expect(names.filter { $0.hasPrefix("scan_") }.count == 2)
    #expect(refusals.map(\.name) == [folder / "d/bad.nii.gz"])
  }

  @Test func anArchiveIsRefusedWithWhatToDoAndTheRestIsRead() throws {
    let folder = TemporaryFolder()
    try writeNIfTI(folder / "d/brain.nii.gz", seed: 2)
    try folder.write([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 60), to: "d/more.zip")
    var names: [String] = []
    let refusals = try SourceReader.read([folder / "d"], launch: inProcess) {
      names.append($0.name)
    }
    #expect(names == ["brain"])
    #expect(refusals.map(\.code) == [.unsupported])
    #expect(refusals.map(\.name) == [folder / "d/more.zip"])
    #expect(refusals[0].sentence.contains("unpack it and give its folder"))
  }

  @Test func aMaskByItselfIsReadOrRefused() throws {
    let folder = TemporaryFolder()
    try writeMask(folder / "m.nii.gz")
    #expect(try SourceReader.readNIfTI(folder / "m.nii.gz", launch: inProcess).name == "m")
    #expect(throws: CohortError.self) {
      try SourceReader.readNIfTI(folder / "none.nii.gz", launch: inProcess)
    }
  }
}
