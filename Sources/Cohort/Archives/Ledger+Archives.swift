import Foundation
import GRDB

extension Ledger {
  /// Whether the members of an archive are known as they are now, so that it need not be unpacked.
  /// Where a member still waits for a worker, or describes a data set, it must be.
  func knows(_ archive: FoundFile, in folder: String) throws -> Bool {
    try read {
      try Bool.fetchOne(
        $0,
        sql: """
          SELECT EXISTS (SELECT 1 FROM archives
            WHERE path = :path AND folder = :folder AND size = :size AND modified = :modified)
          AND NOT EXISTS (SELECT 1 FROM files WHERE path >= :folder || '/' AND path < :folder || '0'
            AND kind IN ('waiting', 'description'))
          """,
        arguments: [
          "path": archive.path, "folder": folder, "size": archive.size,
          "modified": archive.modified,
        ]) ?? false
    }
  }

  /// Keeps that the members of an archive are known.
  func keep(_ archive: FoundFile, in folder: String) throws {
    try write {
      try $0.execute(
        sql: "INSERT OR REPLACE INTO archives(folder, path, size, modified) VALUES (?, ?, ?, ?)",
        arguments: [folder, archive.path, archive.size, archive.modified])
    }
  }

  /// Has an archive unpacked again by the next run.
  func forget(archiveIn folder: String) throws {
    try write { try $0.execute(sql: "DELETE FROM archives WHERE folder = ?", arguments: [folder]) }
  }

  /// Notes that a run has come upon the members of an archive.
  func sight(membersIn folder: String, run: Int) throws {
    try write {
      try $0.execute(
        sql: "UPDATE files SET run = ? WHERE path >= ? || '/' AND path < ? || '0'",
        arguments: [run, folder, folder])
    }
  }

  /// The archive whose members lie in a folder.
  func archive(in folder: String) throws -> String? {
    try read {
      try String.fetchOne(
        $0, sql: "SELECT path FROM archives WHERE folder = ?", arguments: [folder])
    }
  }

  /// What of an archive was left out, as the run that unpacked it said.
  func leftOut(of folder: String) throws -> [Refusal] {
    let codes: Set<RefusalCode> = [.archiveEntry, .archiveNested]
    var found: [Refusal] = []
    try eachRefusal { refusal in
      if codes.contains(refusal.code), refusal.name.hasPrefix(folder + "/") {
        found.append(refusal)
      }
    }
    return found
  }

  /// The folders of archives and their paths.
  func archives() throws -> [(folder: String, path: String)] {
    try read {
      try Row.fetchAll($0, sql: "SELECT folder, path FROM archives ORDER BY folder")
        .map { ($0["folder"], $0["path"]) }
    }
  }
}

/// How members of archives are called on a terminal.
struct ArchiveNames {
  private let archives: [(folder: String, path: String)]

  init(_ ledger: Ledger) { archives = (try? ledger.archives()) ?? [] }

  /// A text with `archive!member` in place of where the member lay.
  func shown(_ text: String) -> String {
    archives.reduce(text) { text, archive in
      text.replacingOccurrences(of: archive.folder + "/", with: archive.path + "!")
        .replacingOccurrences(of: archive.folder, with: archive.path)
    }
  }
}
