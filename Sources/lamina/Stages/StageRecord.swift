import Foundation

/// Which stages a folder has seen, and with what: a stage whose inputs and recipe have not changed
/// is not run again, one that was cut short is taken up, one that has changed is made anew.
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
  private var stages: [String: Entry]
  private var path: String { folder + "/stages.json" }

  /// Reads `stages.json` of a folder, which need not be there.
  init(folder: String) {
    self.folder = folder
    let data = FileManager.default.contents(atPath: folder + "/stages.json") ?? Data()
    stages = (try? JSONDecoder().decode([String: Entry].self, from: data)) ?? [:]
  }

  /// Where a stage stands for these inputs; what it left with other inputs is removed.
  ///
  /// - Parameters:
  ///   - stage: its name.
  ///   - output: what it makes, below the folder.
  ///   - inputs: a fingerprint of its recipe and of what it reads.
  /// - Throws: a ``Failure`` when `output` is there and no stage of this folder made it.
  mutating func begin(_ stage: String, output: String, inputs: String) throws -> State {
    let made = folder + "/" + output
    let exists = FileManager.default.fileExists(atPath: made)
    if let entry = stages[stage], entry.inputs == inputs, exists {
      return entry.isFinished ? .finished : .unfinished
    }
    if exists {
      guard stages[stage] != nil else {
        throw Failure("\(made): something else made this; give another --into, or move it away.")
      }
      try FileManager.default.removeItem(atPath: made)
    }
    stages[stage] = Entry(inputs: inputs, isFinished: false)
    try write()
    return .new
  }

  /// Notes what a stage that adds to its output is given; false when it was given something else.
  mutating func claim(_ stage: String, inputs: String) throws -> Bool {
    if let entry = stages[stage] { return entry.inputs == inputs }
    stages[stage] = Entry(inputs: inputs, isFinished: true)
    try write()
    return true
  }

  /// Notes that the stage is finished.
  mutating func finish(_ stage: String) throws {
    stages[stage]?.isFinished = true
    try write()
  }

  private func write() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(stages).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}

/// A short name for what a stage was given (FNV-1a, 64 bits): equal inputs, equal names.
func fingerprint(_ parts: Data...) -> String {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for part in parts {
    for byte in part { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ 0x1f) &* 0x100_0000_01b3
  }
  return String(hash, radix: 16)
}
