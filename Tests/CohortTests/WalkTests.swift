import Cohort
import Foundation
import TestFolders
import Testing

@Suite struct WalkTests {
  @Test(arguments: [2, 7])
  func aFolderLooksTheSameToHoweverManyThreads(_ threads: Int) throws {
    let folder = TemporaryFolder()
    for place in 0..<1100 { try folder.write("GIF89a", to: "a/\(place).dcm") }
    for place in 0..<40 { try folder.write("plain", to: "a/below/\(place)") }
    try folder.write("x", to: "a/._hidden")
    try folder.write("{}", to: "a/dataset.json")
    mkfifo(folder / "a/pipe", 0o600)
    func seen(_ threads: Int) throws -> [String] {
      var seen: [String] = []
      try Walk.through([folder.path], threads: threads) { seen.append("\($0)") }
      return seen
    }
    let one = try seen(1)
    #expect(one.count == 1143)
    #expect(try seen(threads) == one)
  }

  @Test func aFileMayBeOfAnyYear() throws {
    let folder = TemporaryFolder()
    try folder.write("plain", to: "a")
    func modified(_ seconds: Int) throws -> Int? {
      let times = [timespec(tv_sec: seconds, tv_nsec: 7), timespec(tv_sec: seconds, tv_nsec: 7)]
      #expect(utimensat(AT_FDCWD, folder / "a", times, 0) == 0)
      var found: Int?
      try Walk.through([folder.path]) { if case .file(let file, _) = $0 { found = file.modified } }
      return found
    }
    #expect(try modified(1_700_000_000) == 1_700_000_000_000_000_007)
    #expect(try modified(10_413_792_000) != nil)  // 2300
  }

  @Test func aFileThatClaimsToBeHugeIsRefused() throws {
    let folder = TemporaryFolder(inMemory: true)
    for name in ["a", "b"] { try folder.write("", to: name) }
    guard truncate(folder / "a", 7 << 60) == 0 else { return }  // not on every file system
    var codes: [RefusalCode] = []
    try Walk.through([folder.path]) { if case .refused(let one) = $0 { codes.append(one.code) } }
    #expect(codes == [.limit])
  }
}
