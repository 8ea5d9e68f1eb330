import Foundation

/// Which stages a folder has seen, and with what: a stage whose inputs and recipe have not changed
/// is not run again, one that was cut short is taken up, one that has changed is made anew.
///
/// Several processes may note different stages of a folder at once.
struct StageRecord {
  /// What is to be done with a stage.
  enum State {
    case finished
    case unfinished
    case new
  }

  private struct Entry: Codable {
    var inputs: String
    var isFinished: Bool
  }

  private let folder: String
  private let claims: Claims
  private var path: String { folder + "/stages.json" }

  /// The stages of a folder, which need not have seen any.
  init(folder: String) throws {
    self.folder = folder
    claims = try Claims(folder: folder)
  }

  /// Where a stage stands for these inputs; what it left with other inputs is removed.
  ///
  /// - Parameters:
  ///   - stage: its name.
  ///   - output: what it makes, below the folder.
  ///   - inputs: a fingerprint of its recipe and of what it reads.
  /// - Throws: a ``Failure`` when `output` is there and no stage of this folder made it.
  func begin(_ stage: String, output: String, inputs: String) throws -> State {
    let made = folder + "/" + output
    let exists = FileManager.default.fileExists(atPath: made)
    let entry = stages[stage]
    if let entry, entry.inputs == inputs, exists {
      return entry.isFinished ? .finished : .unfinished
    }
    if exists {
      guard entry != nil else {
        throw Failure("\(made): something else made this; give another --into, or move it away.")
      }
      try FileManager.default.removeItem(atPath: made)
    }
    try note(stage, Entry(inputs: inputs, isFinished: false))
    return .new
  }

  /// Notes what a stage that adds to its output is given; false when it was given something else.
  func claim(_ stage: String, inputs: String) throws -> Bool {
    if let entry = stages[stage] { return entry.inputs == inputs }
    try note(stage, Entry(inputs: inputs, isFinished: true))
    return true
  }

  /// Whether the stage is finished, for whatever it was given.
  func isFinished(_ stage: String) -> Bool { stages[stage]?.isFinished ?? false }

  /// Notes that the stage is finished.
  func finish(_ stage: String) throws {
    guard var entry = stages[stage] else { return }
    entry.isFinished = true
    try note(stage, entry)
  }

  private var stages: [String: Entry] {
    let data = FileManager.default.contents(atPath: path) ?? Data()
    return (try? JSONDecoder().decode([String: Entry].self, from: data)) ?? [:]
  }

  private func note(_ stage: String, _ entry: Entry) throws {
    try claims.holding("stages.json") {
      var all = stages
      all[stage] = entry
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(all).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
  }
}

/// A short name for what a stage was given (FNV-1a, 64 bits): equal inputs, equal names.
func fingerprint(_ parts: Data...) -> String { String(hash(parts), radix: 16) }

func hash(_ parts: [Data]) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for part in parts {
    for byte in part { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ 0x1f) &* 0x100_0000_01b3
  }
  return hash
}
