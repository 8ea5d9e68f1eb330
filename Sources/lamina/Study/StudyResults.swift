import Foundation
import Metrics

/// What one fit came to on the test split.
struct StudyResult: Codable {
  var cell: StudyCell
  /// A name for everything that the fit follows from: with another, it is made again.
  var inputs: String
  /// The scores of every test volume, on its own grid.
  var cases: [CaseScores]
  /// Seconds that fitting and predicting took.
  var seconds: Double

  /// The mean over classes and cases.
  var dice: Double { Summary(cases.map(\.meanDice)).mean ?? 0 }

  /// The mean 95th percentile of the surface distances over classes and cases, mm.
  var hd95: Double? { Summary(cases.flatMap { $0.classes.map(\.hd95) }).mean }
}

/// `results.jsonl` of a study: a line a fit, added to when it is done, by any process that has a part in it.
struct StudyResults {
  private let path: String
  private let claims: Claims
  private(set) var done: [StudyCell: StudyResult] = [:]

  /// Reads what has been found so far; a line cut short by a kill is dropped.
  init(_ path: String, _ claims: Claims) throws {
    (self.path, self.claims) = (path, claims)
    read()
  }

  /// The result of a cell, if it was made from these inputs, by this process or another.
  mutating func result(of cell: StudyCell, inputs: String) -> StudyResult? {
    if done[cell]?.inputs != inputs { read() }
    return done[cell].flatMap { $0.inputs == inputs ? $0 : nil }
  }

  mutating func add(_ result: StudyResult) throws {
    try claims.holding("results.jsonl") {
      read()
      done[result.cell] = result
      try write()
    }
  }

  private mutating func read() {
    let lines = (FileManager.default.contents(atPath: path) ?? Data())
      .split(separator: UInt8(ascii: "\n"))
    for line in lines {
      guard let result = try? JSONDecoder().decode(StudyResult.self, from: line) else { continue }
      done[result.cell] = result
    }
  }

  private func write() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let lines = try done.values.sorted { $0.cell.name < $1.cell.name }.map(encoder.encode)
    let text = lines.reduce(into: Data()) { $0 += $1 + Data("\n".utf8) }
    try text.write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
