import Foundation
import GRDB

extension Ledger {
  /// Keeps a refusal in place of an earlier one of the same thing.
  func keep(_ refusal: Refusal) throws { try keep([refusal]) }

  /// Keeps refusals in place of earlier ones of the same things.
  func keep(_ refusals: [Refusal]) throws {
    try write { db in
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      for refusal in refusals {
        try db.execute(
          sql: "INSERT OR REPLACE INTO refusals VALUES (?, ?)",
          arguments: [refusal.key, try encoder.encode(refusal)])
      }
    }
  }

  /// Whether anything of a kind stands refused.
  func hasRefusals(_ subject: Refusal.Subject) throws -> Bool {
    let word = subject.rawValue
    return try read {
      try Bool.fetchOne(
        $0, sql: "SELECT EXISTS (SELECT 1 FROM refusals WHERE subject >= ? AND subject < ?)",
        arguments: [word + ":", word + ";"])
    } ?? true
  }

  /// Forgets refusals of things that are sound now.
  func withdraw(_ subject: Refusal.Subject, _ names: [String]) throws {
    try write { db in
      guard try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM refusals)") ?? true else {
        return
      }
      let statement = try db.cachedStatement(sql: "DELETE FROM refusals WHERE subject = ?")
      for name in names { try statement.execute(arguments: [Refusal.key(subject, name)]) }
    }
  }

  /// Forgets refusals of files whose headers are sound now.
  func withdrawSoundFiles(run: Int) throws {
    try write {
      try $0.execute(
        sql: """
          DELETE FROM refusals WHERE subject >= 'file:' AND subject < 'file;' AND EXISTS (
            SELECT 1 FROM files WHERE path = substr(subject, 6) AND run = ?
              AND kind IN ('dicom', 'non-image', 'nifti', 'other', 'link'))
          """, arguments: [run])
    }
  }

  /// Calls `body` for every refusal that stands, sorted by subject.
  func eachRefusal(_ body: (Refusal) throws -> Void) throws {
    try read { db in
      let rows = try Data.fetchCursor(db, sql: "SELECT refusal FROM refusals ORDER BY subject")
      while let data = try rows.next() {
        if let refusal = try? JSONDecoder().decode(Refusal.self, from: data) { try body(refusal) }
      }
    }
  }

  /// Calls `body` for every file that was refused when its header was read, sorted by path.
  func eachRefusedFile(run: Int, _ body: (Refusal) throws -> Void) throws {
    var last = ""
    while true {
      let refusals = try refusedFiles(after: last, run: run, limit: 256)
      guard let end = refusals.last else { return }
      try refusals.forEach(body)
      last = end.name
    }
  }

  private func refusedFiles(after path: String, run: Int, limit: Int) throws -> [Refusal] {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT path, answer FROM files
          WHERE kind = 'refused' AND \(Self.apart) AND run = ? AND path > ? ORDER BY path LIMIT ?
          """, arguments: [run, path, limit])
      return rows.map { row in
        let data: Data = row["answer"]
        guard case .refused(let fault) = try? Frames.decode(ScanAnswer.self, [UInt8](data)) else {
          return Refusal(.failure, .file, name: row["path"])
        }
        return Refusal(fault.code, .file, name: row["path"], sentence: fault.sentence)
      }
    }
  }
}

extension Refusal {
  var key: String { Self.key(subject, name) }

  static func key(_ subject: Subject, _ name: String) -> String { subject.rawValue + ":" + name }
}
