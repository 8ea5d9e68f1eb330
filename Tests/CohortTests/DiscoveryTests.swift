import Cohort
import Foundation
import TestFolders
import Testing

@Suite struct DiscoveryTests {
  @Test func kindsAreToldByContentAndNothingIsReadTwice() throws {
    let folder = TemporaryFolder()
    try SampleSeries(slices: 2).write(to: folder / "a/b/c")
    try writeNIfTI(folder / "n/scan.nii.gz")
    try writeNIfTI(folder / "n/plain.nii")
    try FileManager.default.moveItem(atPath: folder / "n/plain.nii", toPath: folder / "n/plain")
    try folder.write("hello", to: "a/readme.txt")
    try folder.write("GIF89a", to: "a/fake.dcm")
    try folder.write("x", to: "a/._IM1")
    try FileManager.default.createSymbolicLink(
      atPath: folder / "again", withDestinationPath: folder / "a")
    let found = try Discovery([folder.path, folder / "a/b/c/IM1"])
    #expect(found.dicom.map(\.relative) == ["a/b/c/IM1", "a/b/c/IM2", "a/fake.dcm"])
    #expect(found.nifti.map(\.relative) == ["n/plain", "n/scan.nii.gz"])
    #expect(found.others == 2)
    #expect(found.files == 7)
    #expect(found.refusals.isEmpty)
  }

  @Test func loopsAndPipesAreSkippedWithAReason() throws {
    let folder = TemporaryFolder()
    try folder.write("x", to: "a/b/file")
    try FileManager.default.createSymbolicLink(
      atPath: folder / "a/b/loop", withDestinationPath: folder / "a")
    mkfifo(folder / "a/pipe", 0o600)
    try FileManager.default.createSymbolicLink(
      atPath: folder / "a/dangling", withDestinationPath: folder / "nowhere")
    let found = try Discovery([folder.path])
    let codes = Dictionary(
      found.refusals.map { (($0.name as NSString).lastPathComponent, $0.code) },
      uniquingKeysWith: { first, _ in first })
    #expect(codes == ["loop": .symlinkLoop, "pipe": .specialFile, "dangling": .unreadable])
  }

  @Test func aPathThatIsNotThereIsAnErrorOfTheCaller() {
    #expect(throws: CohortError.missing(path: "/no/such/folder")) {
      try Discovery(["/no/such/folder"])
    }
  }

  @Test func theVoxelsOfAPairAreReadWithTheirHeader() throws {
    let folder = TemporaryFolder()
    try folder.write("x", to: "pair.hdr")
    try folder.write("x", to: "pair.img")
    try folder.write("x", to: "alone.img")
    let found = try Discovery([folder.path])
    #expect(found.nifti.map(\.relative) == ["alone.img", "pair.hdr"])
    #expect(Sniff.voxels(of: folder / "pair.hdr") == folder / "pair.img")
  }

  @Test func aDataSetWithoutPreambleMayBeDICOM() {
    let little: [UInt8] = [8, 0, 5, 0, 67, 83, 10, 0] + [UInt8](repeating: 0, count: 20)
    #expect(Sniff(path: "IM1", first: little) == .perhapsDICOM)
    #expect(Sniff(path: "IM1", first: Array("plain text, long enough".utf8)) == .other)
    #expect(Sniff(path: "IM1", first: []) == .other)
  }
}
