import Cohort
import Foundation
import TestFolders
import Testing

/// Faults 29 and 30: what lies beside images on a disk. None of it costs an image.
@Suite struct FileFaults {
  private func ingest(_ folder: TemporaryFolder) throws -> IngestReport {
    var recipe = IngestRecipe()
    recipe.workers = 1
    return try Ingest.run(
      [folder / "scans"], into: folder / "c.zarr", recipe: recipe, launch: inProcess)
  }

  private func codes(_ report: IngestReport) -> [String: RefusalCode] {
    Dictionary(
      report.refusals.map { (($0.name as NSString).lastPathComponent, $0.code) },
      uniquingKeysWith: { first, _ in first })
  }

  @Test func fault29OtherFilesUnderADICOMNameAreRefusedByName() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "scans/a")
    try folder.write("Dear colleague, thank you for the referral", to: "scans/a/text.dcm")
    try folder.write([0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF".utf8), to: "scans/a/photo.dcm")
    try folder.write("%PDF-1.4 and so on", to: "scans/a/letter.dcm")
    try folder.write("", to: "scans/a/empty.dcm")
    let report = try ingest(folder)
    #expect(
      codes(report) == [
        "text.dcm": .notDICOM, "photo.dcm": .notDICOM, "letter.dcm": .notDICOM,
        "empty.dcm": .notDICOM,
      ])
    #expect(report.volumes.count == 1)
  }

  @Test func fault30WhatFinderAndExplorerLeaveBehindIsPassedOver() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "scans/a")
    try folder.write([0, 5, 22, 7] + [UInt8](repeating: 0, count: 300), to: "scans/a/._IM1")
    try folder.write("\u{0}\u{0}\u{0}\u{1}Bud1", to: "scans/a/.DS_Store")
    try folder.write([0xD0, 0xCF, 0x11, 0xE0, 0, 0], to: "scans/a/Thumbs.db")
    let report = try ingest(folder)
    #expect(report.refusals.isEmpty)
    #expect(report.others == 3 && report.volumes.count == 1)
  }

  @Test func fault30LoopsPipesAndUnreadableFilesAreRefusedByName() throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries().write(to: folder / "scans/a")
    try FileManager.default.createSymbolicLink(
      atPath: folder / "scans/a/loop", withDestinationPath: folder / "scans")
    mkfifo(folder / "scans/a/pipe.dcm", 0o600)
    try FileManager.default.createSymbolicLink(
      atPath: folder / "scans/a/gone.dcm", withDestinationPath: folder / "nowhere")
    try FileManager.default.copyItem(atPath: files[0], toPath: folder / "scans/a/locked.dcm")
    chmod(folder / "scans/a/locked.dcm", 0)
    var expected: [String: RefusalCode] = [
      "loop": .symlinkLoop, "pipe.dcm": .specialFile, "gone.dcm": .unreadable,
    ]
    if geteuid() != 0 { expected["locked.dcm"] = .unreadable }  // root reads everything
    let report = try ingest(folder)
    #expect(codes(report) == expected)
    #expect(report.volumes.count == 1)
  }

  @Test func fault30ADirectoryOfTheMediumIsNoImage() throws {
    let folder = TemporaryFolder()
    try SampleSeries().write(to: folder / "scans/a")
    let sequence: [UInt8] = [4, 0, 0x20, 0x12] + Array("SQ".utf8) + [0, 0, 8, 0, 0, 0]
    let item: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]
    let syntax = Array("1.2.840.10008.1.2.1\0".utf8)
    let meta: [UInt8] = [2, 0, 16, 0] + Array("UI".utf8) + [UInt8(syntax.count), 0] + syntax
    try folder.write(
      [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + meta + sequence + item,
      to: "scans/DICOMDIR")
    let report = try ingest(folder)
    #expect(report.refusals.isEmpty && report.volumes.count == 1)
    #expect(report.nonImages == 1)
  }
}
