import Foundation
import Report
import TestFolders
import Testing

private func log(_ text: String) throws -> MetricsLog {
  try withFolder { folder in
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/metrics.jsonl"))
    return try MetricsLog(path: folder + "/metrics.jsonl")
  }
}

@Test func aLogGivesEachNameItsStepsAndValues() throws {
  let read = try log(
    """
    {"step":0,"loss":{"global":8.5,"local":3},"note":"warm-up"}
    {"step":10,"loss":{"global":7.25},"dice":0.5}

    """)
  #expect(read.names == ["dice", "loss.global", "loss.local"])
  #expect(read.series("loss.global").map(\.value) == [8.5, 7.25])
  #expect(read.series("loss.global").map(\.step) == [0, 10])
}

@Test func aLineCutOffByAKillIsLeftOut() throws {
  let read = try log("{\"step\":0,\"loss\":1}\n{\"step\":1,\"lo")
  #expect(read.entries.map(\.step) == [0])
}

@Test func aMissingLogIsAnErrorThatNamesIt() {
  #expect(throws: ReportError.unreadable(path: "/nowhere/metrics.jsonl")) {
    try MetricsLog(path: "/nowhere/metrics.jsonl")
  }
}
