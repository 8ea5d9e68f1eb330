import Foundation
import SliceStore
import TestFolders
import Testing

@Suite struct VerifyTests {
  let folder: TemporaryFolder
  let cohort: String
  let slices: String
  init() throws {
    folder = TemporaryFolder(inMemory: true)
    (cohort, slices) = (folder.path + "/cohort.zarr", folder.path + "/slices.zarr")
    try CohortSamples().write(cohort)
    try SliceSamples().write(slices)
  }

  func files(_ store: String) throws -> [String] {
    try contents(store).filter { !$0.value.isEmpty }.keys.sorted()
  }

  /// The problems that name the file itself.
  func problems(_ store: String, with path: String) throws -> [VerifyReport.Problem] {
    try verify(store).problems.filter { $0.path == path }
  }

  @Test func soundStoresAreSound() throws {
    let first = try verify(cohort)
    #expect(first.isSound && first.kind == "cohort")
    #expect(first.chunks == 5 + 15 + 10 + 7 + 3 * 2 * 5)
    let second = try verify(slices)
    #expect(second.isSound && second.kind == "slices")
    #expect(second.chunks == 25 + 3 + 5 + 3)
    #expect(second.files == 7 + 7 + 5 + 1)
  }

  @Test func aFlippedBitIsFoundInEveryFileByName() throws {
    for store in [cohort, slices] {
      for (i, path) in try files(store).enumerated() {
        let file = store + "/" + path
        let good = try Data(contentsOf: URL(fileURLWithPath: file))
        let at = (i * 37) % good.count
        try flipBit(of: file, at: at)
        #expect(try !problems(store, with: path).isEmpty, "\(path), byte \(at)")
        try good.write(to: URL(fileURLWithPath: file))
      }
      #expect(try verify(store).isSound)
    }
  }

  @Test func missingAndEmptyAndCutFilesAreFoundByName() throws {
    for store in [cohort, slices] {
      for (i, path) in try files(store).enumerated() {
        let file = store + "/" + path
        let good = try Data(contentsOf: URL(fileURLWithPath: file))
        let rest = i % 2 == 0 ? 0 : good.count - 1
        try truncate(file, to: rest)
        #expect(try !problems(store, with: path).isEmpty, "\(path) cut to \(rest) bytes")
        try FileManager.default.removeItem(atPath: file)
        let found = try problems(store, with: path)
        #expect(found.contains { $0.what == "is missing" }, "\(path) missing")
        try good.write(to: URL(fileURLWithPath: file))
      }
    }
  }

  @Test func filesThatNobodyPutThereAreFoundByName() throws {
    for (store, path) in [(cohort, "volumes/a/0/c/7"), (slices, "image/c/9/0/0/0")] {
      let file = store + "/" + path
      try FileManager.default.createDirectory(
        atPath: String(file[..<file.lastIndex(of: "/")!]), withIntermediateDirectories: true)
      try Data([1]).write(to: URL(fileURLWithPath: file))
      #expect(try problems(store, with: path).map(\.what) == ["is in no manifest"])
    }
  }

  @Test func aDamagedChunkIsNamed() throws {
    try flipBit(of: slices + "/image/c/1/0/0/0", at: 40)
    let found = try problems(slices, with: "image/c/1/0/0/0").map(\.what)
    #expect(found.count == 2)
    #expect(found.contains { $0.hasPrefix("chunk 0") })
  }

  @Test func whatIsNoStoreIsSaidToBeNone() throws {
    #expect(throws: StoreError.incomplete(path: folder.path)) { try verify(folder.path) }
  }
}
