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
}
