import DICOM
import Foundation
import GRDB

extension Ledger {
  /// The SEG and RTSTRUCT files that a run has seen, sorted by path.
  func labelObjects(run: Int) throws -> [DICOMHeader] {
    try read { db in
      try Data.fetchAll(
        db,
        sql: """
          SELECT answer FROM files WHERE kind = 'object' AND \(Self.apart) AND run = ? ORDER BY path
          """,
        arguments: [run]
      ).compactMap { data in
        guard case .dicom(let header) = try? Frames.decode(ScanAnswer.self, [UInt8](data)) else {
          return nil
        }
        return header
      }
    }
  }

  /// Keeps what the keyed names of a volume's structures stand for.
  func keep(structures: [String: String], of volume: String) throws {
    guard !structures.isEmpty else { return }
    try write { db in
      for (name, text) in structures {
        try db.execute(
          sql: "INSERT OR REPLACE INTO structures VALUES (?, ?, ?)",
          arguments: [volume, name, text])
      }
    }
  }

  /// What keyed names of structures stand for, by volume and name.
  func structures() throws -> [String: [String: String]] {
    try read { db in
      var texts: [String: [String: String]] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT * FROM structures") {
        let (volume, name): (String, String) = (row["volume"], row["name"])
        texts[volume, default: [:]][name] = row["text"]
      }
      return texts
    }
  }

  /// The files that a volume's masks came from, by name.
  func maskSources(of volume: String) throws -> [String: String] {
    try read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT name, source FROM masks WHERE volume = ?", arguments: [volume])
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"], $0["source"]) })
    }
  }

  /// Names of a volume's masks that came from other files than these.
  func maskNames(of volume: String, notFrom paths: Set<String>) throws -> [String] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT name, source FROM masks WHERE volume = ? AND source != ''",
        arguments: [volume]
      ).filter { !paths.contains($0["source"]) }.map { $0["name"] }
    }
  }

  /// Removes the masks of a volume, what their names stand for, and the files they came from.
  func forgetMasks(of volume: String, _ db: Database) throws {
    try db.execute(
      sql: "DELETE FROM files WHERE path IN (SELECT source FROM masks WHERE volume = ?)",
      arguments: [volume])
    for table in ["masks", "structures"] {
      try db.execute(sql: "DELETE FROM \(table) WHERE volume = ?", arguments: [volume])
    }
  }
}
