import Cohort
import Foundation
import SliceStore
import TestFolders
import Testing

/// Patients with several series, some of them in two folders; NIfTI files, a data set, masks, a
/// broken file, a text, a link.
private func tree(in folder: TemporaryFolder) throws -> String {
  for n in 0..<5 {
    for s in 1...2 {
      try SampleSeries(
        patientID: n == 3 ? "" : "P\(n)", patientName: "N\(n)^\(s)", study: "1.9.\(n)",
        series: "1.9.\(n).\(s)", description: "series \(s)", slices: 2 + n
      ).write(to: folder / "d/\(n)/\(s)")
    }
    try writeNIfTI(folder / "d/n/sub-\(n).nii.gz", seed: n)
    try writeNIfTI(folder / "d/set/imagesTr/case\(n).nii.gz", seed: 10 + n)
    try writeMask(folder / "d/set/labelsTr/case\(n).nii.gz", seed: n)
    try writeMask(folder / "masks/sub-\(n).nii.gz", seed: n)
  }
  try writeMask(folder / "masks/nobody.nii.gz")
  let cases = (0..<5).map {
    #"{"image": "imagesTr/case\#($0).nii.gz", "label": "labelsTr/case\#($0).nii.gz"}"#
  }
  try folder.write(
    #"{"labels": {"1": "a", "2": "b"}, "training": [\#(cases.joined(separator: ","))]}"#,
    to: "d/set/dataset.json")
  try SampleSeries(patientID: "P0", study: "1.9.0", series: "1.9.0.1", slices: 9)
    .write(7, to: folder / "d/elsewhere")
  try folder.write("GIF89a", to: "d/broken.dcm")
  try folder.write("hello", to: "d/readme.txt")
  try FileManager.default.linkItem(atPath: folder / "d/0/1/IM1", toPath: folder / "d/0/again")
  try SampleSeries().write(to: folder / "d/copy")
  try SampleSeries().write(to: folder / "d/copy of copy")
  try SampleSeries(patientID: "ARCHIVED", study: "7.1", series: "7.1.1")
    .write(to: folder / "pack/in/side")
  try folder.write("GIF89a", to: "pack/in/side/broken.dcm")
  try folder.write("hello", to: "pack/in/side/text")
  let tar = Process()
  tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  tar.arguments = ["tar", "cf", folder / "d/archive.tar", "-C", folder / "pack", "in"]
  try tar.run()
  tar.waitUntilExit()
  #expect(tar.terminationStatus == 0)
  return folder / "d"
}

private func ingest(
  _ folder: TemporaryFolder, _ store: String, shard: String = "", key: String = "key"
) throws {
  var recipe = IngestRecipe()
  (recipe.key, recipe.shard, recipe.workers) = (folder / key, shard, 2)
  if FileManager.default.fileExists(atPath: folder / "masks") { recipe.labels = folder / "masks" }
  _ = try Ingest.run([folder / "d"], into: store, recipe: recipe, launch: inProcess)
}

/// What a ledger says, beside whom a file was found to belong to while a tree was divided.
private func content(_ store: String) throws -> [[String]] {
  let ledger = try Ledger(Ledger.path(of: store))
  let files = """
    path, relative, size, modified, role, claim, kind, series, volume, copy, run,
    CASE WHEN path LIKE '%.unpacked/%' THEN '' ELSE hex(answer) END AS answer
    """
  let unpacked = Ledger.path(of: store).replacingOccurrences(
    of: ".ledger.sqlite", with: ".unpacked")
  let tables = ["archives", "patients", "studies", "series", "volumes", "masks"]
  return try
    ([
      "SELECT \(files) FROM files",
      #"SELECT replace(CAST(refusal AS TEXT), '\/', '/') AS refusal FROM refusals"#,
    ] + tables.map { "SELECT * FROM \($0)" })
    .map { table in
      try ledger.rows(table).map { $0.replacingOccurrences(of: unpacked, with: "UNPACKED") }
        .sorted()
    }
}

@Suite struct MergeTests {
  @Test func partsJoinToTheBytesOfOneRun() throws {
    let folder = TemporaryFolder()
    try folder.write([UInt8](0..<32), to: "key")
    _ = try tree(in: folder)
    try ingest(folder, folder / "whole.zarr")
    let whole = tree(folder / "whole.zarr")
    #expect(
      whole["report.json"].map { String(decoding: $0, as: UTF8.self) }?.contains("label-unmatched")
        == true)
    for count in 1...3 {
      let parts = (1...count).map { folder / "\(count)-\($0).zarr" }
      for (part, store) in parts.enumerated() {
        try ingest(folder, store, shard: "\(part + 1)/\(count)")
      }
      let sizes = try parts.map { try CohortStore($0).ids.count }
      #expect(sizes.allSatisfy { $0 > 0 })
      #expect(try sizes.reduce(0, +) == CohortStore(folder / "whole.zarr").ids.count)
      let joined = folder / "joined-\(count).zarr"
      let report = try Merge.run(parts.reversed(), into: joined)
      #expect(report.taken == sizes.reduce(0, +))
      #expect(tree(joined) == whole)
      let (mine, theirs) = (try content(joined), try content(folder / "whole.zarr"))
      for (a, b) in zip(mine, theirs) { #expect(a == b) }
      #expect(try verify(joined).isSound)
    }
  }

  @Test func aPartRunAgainTakesNothingAndAMergeAgainChangesNothing() throws {
    let folder = TemporaryFolder()
    try folder.write([UInt8](0..<32), to: "key")
    _ = try tree(in: folder)
    for part in 0..<2 { try ingest(folder, folder / "\(part).zarr", shard: "\(part)/2") }
    let before = tree(folder / "0.zarr")
    try ingest(folder, folder / "0.zarr", shard: "0/2")
    #expect(tree(folder / "0.zarr") == before)
    let parts = [folder / "0.zarr", folder / "1.zarr"]
    _ = try Merge.run(parts, into: folder / "j.zarr")
    let joined = tree(folder / "j.zarr")
    #expect(try Merge.run(parts, into: folder / "j.zarr").taken == 0)
    #expect(tree(folder / "j.zarr") == joined)
  }

  @Test func storesOfDifferentKeysAreNotJoined() throws {
    let folder = TemporaryFolder()
    try folder.write([UInt8](0..<32), to: "key")
    try folder.write([UInt8](1..<33), to: "other")
    try SampleSeries().write(to: folder / "d/s")
    try ingest(folder, folder / "a.zarr")
    try ingest(folder, folder / "b.zarr", key: "other")
    #expect {
      try Merge.run([folder / "a.zarr", folder / "b.zarr"], into: folder / "j.zarr")
    } throws: { error in
      if case CohortError.key(let path, _) = error {
        path.hasSuffix("b.ledger.sqlite")
      } else {
        false
      }
    }
    #expect(!FileManager.default.fileExists(atPath: folder / "j.zarr"))
  }

  @Test func volumesOfOneNameThatDifferAreNotJoined() throws {
    let folder = TemporaryFolder()
    try folder.write([UInt8](0..<32), to: "key")
    try SampleSeries(slices: 3).write(to: folder / "d/s")
    try ingest(folder, folder / "a.zarr")
    try SampleSeries(slices: 4).write(to: folder / "d/s")
    try ingest(folder, folder / "b.zarr")
    #expect {
      try Merge.run([folder / "a.zarr", folder / "b.zarr"], into: folder / "j.zarr")
    } throws: { error in
      if case CohortError.conflict = error { true } else { false }
    }
  }

  @Test func anUnfinishedPartIsNotJoined() throws {
    let folder = TemporaryFolder()
    try folder.write([UInt8](0..<32), to: "key")
    try SampleSeries().write(to: folder / "d/s")
    try ingest(folder, folder / "a.zarr")
    try FileManager.default.removeItem(atPath: folder / "a.zarr/zarr.json")
    #expect(throws: StoreError.self) { try Merge.run([folder / "a.zarr"], into: folder / "j.zarr") }
  }

  @Test func aStoreIsOnePartOfATreeOrTheWhole() throws {
    let folder = TemporaryFolder()
    try folder.write([UInt8](0..<32), to: "key")
    try SampleSeries().write(to: folder / "d/s")
    try ingest(folder, folder / "a.zarr", shard: "1/2")
    for shard in ["", "2/2", "1/3"] {
      #expect(throws: CohortError.self) { try ingest(folder, folder / "a.zarr", shard: shard) }
    }
    for shard in ["3/2", "x", "1/0", "-1/2", "1/2/3"] {
      #expect(throws: CohortError.self) { try ingest(folder, folder / "b.zarr", shard: shard) }
    }
  }
}
