import DICOM
import Foundation
import GRDB

/// What is known of a file.
enum FileKind: String {
  /// Its header has not been read yet.
  case waiting
  case dicom
  /// A SEG or an RTSTRUCT.
  case object
  case nonImage = "non-image"
  case nifti, refused, other
  /// Another name of a file that is there already.
  case link
  /// The voxels of a pair, read with their header.
  case part
  /// A data set's description.
  case description
  /// Its members are files like any other.
  case archive
  /// Known by an older layout as part of a volume, and not come upon since.
  case former
  /// It belongs to another part of a tree that several machines share.
  case elsewhere
}

/// What a file is wanted for.
package enum FileRole: String { case image, label }

/// A file whose header is to be read.
package struct WaitingFile: Sendable {
  package var path: String
  var relative: String
  var size: Int
  var claim: Claim

  /// What the file says by name or content that it is.
  enum Claim: String, Sendable { case dicom, perhaps, nifti }
}

extension Ledger {
  /// The key of this ledger, see ``key(from:)``, and a new run's number: files that it sees are marked
  /// with it.
  static func beginRun(key file: String?, _ db: Database) throws -> (key: [UInt8], run: Int) {
    let key = try key(from: file, db)
    let last = try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'run'")
    let run = (last.flatMap(Int.init) ?? 0) + 1
    try db.execute(
      sql: "INSERT OR REPLACE INTO meta(key, value) VALUES ('run', ?)", arguments: ["\(run)"])
    return (key, run)
  }

  /// Notes that a run has come upon files. What is known of one that has not changed since, in size
  /// or time, stays known; the others wait for a worker.
  package func sight(_ sightings: [(file: FoundFile, sniff: Sniff?)], as role: FileRole, run: Int)
    throws
  {
    try write(rows: sightings.count) { db in
      let statement = try db.cachedStatement(sql: Self.sightSQL)
      for (file, sniff) in sightings {
        let (kind, claim) = Self.first(sniff)
        try statement.execute(arguments: [
          file.path, file.relative, file.size, file.modified,
          file.identity.map { Int64(bitPattern: UInt64($0.device)) },
          file.identity.map { Int64(bitPattern: UInt64($0.number)) }, role.rawValue,
          claim?.rawValue, kind.rawValue, run,
        ])
      }
    }
  }

  private static func first(_ sniff: Sniff?) -> (FileKind, WaitingFile.Claim?) {
    switch sniff {
    case .dicom: (.waiting, .dicom)
    case .perhapsDICOM: (.waiting, .perhaps)
    case .nifti: (.waiting, .nifti)
    case .niftiVoxels: (.part, nil)
    case .other: (.other, nil)
    case .archive: (.archive, nil)
    case nil: (.description, nil)
    }
  }

  private static let sightSQL: String = {
    let same = "size = excluded.size AND modified = excluded.modified AND role = excluded.role"
    func kept(_ column: String, else other: String) -> String {
      "\(column) = CASE WHEN \(same) AND kind NOT IN ('link', 'former') THEN \(column) ELSE \(other) END"
    }
    return """
      INSERT INTO files(path, relative, size, modified, device, inode, role, claim, kind, run)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT(path) DO UPDATE SET relative = excluded.relative, device = excluded.device,
        inode = excluded.inode, role = excluded.role, claim = excluded.claim, run = excluded.run,
        \(kept("kind", else: "excluded.kind")), \(kept("series", else: "NULL")),
        \(kept("volume", else: "NULL")), \(kept("owner", else: "NULL")), \(kept("answer", else: "NULL")),
        \(kept("copy", else: "0")), size = excluded.size, modified = excluded.modified
      """
  }()

  /// Of the names that a file has, the first stands for it; the others are links.
  func settleLinks(run: Int) throws {
    try write {
      try $0.execute(
        sql: """
          UPDATE files SET kind = 'link', answer = NULL, series = NULL, volume = NULL, copy = 0
          WHERE run = :run AND inode IN (
              SELECT inode FROM files WHERE inode IS NOT NULL
              GROUP BY inode, device HAVING COUNT(*) > 1)
            AND EXISTS (
            SELECT 1 FROM files AS first INDEXED BY files_by_inode
            WHERE first.inode = files.inode AND first.device = files.device
              AND first.run = :run AND first.path < files.path)
          """, arguments: ["run": run])
    }
  }

  /// The next files that wait, sorted by path.
  package func waiting(after path: String, limit: Int) throws -> [WaitingFile] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT path, relative, size, claim FROM files
          WHERE kind = 'waiting' AND \(Self.apart) AND path > ? ORDER BY path LIMIT ?
          """, arguments: [path, limit]
      ).map {
        WaitingFile(
          path: $0["path"], relative: $0["relative"], size: $0["size"],
          claim: WaitingFile.Claim(rawValue: $0["claim"]) ?? .perhaps)
      }
    }
  }

  /// How many files wait, and their bytes.
  func waitingCount() throws -> (files: Int, bytes: Int) {
    try read { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT COUNT(*) AS n, SUM(size) AS bytes FROM files
          WHERE kind = 'waiting' AND \(Self.apart)
          """)
      return (row?["n"] ?? 0, row?["bytes"] ?? 0)
    }
  }

  /// Nothing of an earlier run waits any more: what it did not come to is found again, or gone.
  func forgetWaiting(before run: Int) throws {
    guard run > 1 else { return }
    try write {
      try $0.execute(
        sql: "DELETE FROM files WHERE kind = 'waiting' AND \(Self.apart) AND run < ?",
        arguments: [run])
    }
  }

  /// Keeps what was found in files that have been sighted.
  package func keep(_ found: [Finding]) throws {
    guard !found.isEmpty else { return }
    try write(rows: found.reduce(0) { $0 + $1.rows }) { db in
      let statement = try db.cachedStatement(
        // Images beside masks are not asked for.
        sql: """
          UPDATE files SET kind = CASE WHEN role = 'label' AND ?1 = 'dicom' THEN 'other' ELSE ?1 END,
            series = ?2, answer = ?3 WHERE path = ?4
          """)
      for one in found {
        try statement.execute(
          arguments: [one.kind.rawValue, one.series, one.body.map { Data($0) }, one.path])
      }
    }
  }

  /// What was found in NIfTI files that a run has seen, masks included, by path.
  func summaries(run: Int) throws -> [String: NIfTISummary] {
    try read { db in
      var summaries: [String: NIfTISummary] = [:]
      let rows = try Row.fetchCursor(
        db,
        sql: "SELECT path, answer FROM files WHERE kind = 'nifti' AND \(Self.apart) AND run = ?",
        arguments: [run])
      while let row = try rows.next() {
        let data: Data = row["answer"]
        if case .nifti(let summary) = try? Frames.decode(ScanAnswer.self, [UInt8](data)) {
          summaries[row["path"]] = summary
        }
      }
      return summaries
    }
  }

  /// The NIfTI files that a run has seen, sorted by path.
  func nifti(_ role: FileRole, run: Int) throws -> [FoundFile] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT path, relative, size, modified FROM files
          WHERE kind = 'nifti' AND \(Self.apart) AND role = ? AND run = ? ORDER BY path
          """, arguments: [role.rawValue, run]
      ).map {
        FoundFile(
          path: $0["path"], relative: $0["relative"], size: $0["size"], modified: $0["modified"])
      }
    }
  }

  /// Files by kind, their bytes and copies among them: of all that there were.
  func counts() throws -> FileCounts { try countsByRun().values.reduce(into: FileCounts(), +=) }

  /// The same, and those of one run.
  func counts(run: Int) throws -> (all: FileCounts, ofRun: FileCounts) {
    let byRun = try countsByRun()
    return (byRun.values.reduce(into: FileCounts(), +=), byRun[run] ?? FileCounts())
  }

  private func countsByRun() throws -> [Int: FileCounts] {
    try read { db in
      var counts: [Int: FileCounts] = [:]
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT run, kind, COUNT(*) AS files, SUM(size) AS bytes, SUM(copy) AS copies
          FROM files WHERE \(Self.areImages) GROUP BY 1
          UNION ALL
          SELECT run, kind, COUNT(*), SUM(size), SUM(copy)
          FROM files WHERE \(Self.apart) AND role = 'image' GROUP BY 1, 2
          """)
      for row in rows {
        guard let kind = FileKind(rawValue: row["kind"]), kind != .elsewhere else { continue }
        let files: Int = row["files"]
        let copies = kind == .link ? files : row["copies"]
        counts[row["run"], default: FileCounts()] +=
          FileCounts(files: [kind: files], bytes: row["bytes"], copies: copies)
      }
      return counts
    }
  }
}

/// How many files there are.
struct FileCounts {
  var files: [FileKind: Int] = [:]
  var bytes = 0
  /// Files that were copies or other names of others.
  var copies = 0

  var all: Int { files.values.reduce(0, +) }

  static func += (counts: inout FileCounts, others: FileCounts) {
    counts.files.merge(others.files, uniquingKeysWith: +)
    (counts.bytes, counts.copies) = (counts.bytes + others.bytes, counts.copies + others.copies)
  }
}

extension ScanAnswer {
  var kind: FileKind {
    switch self {
    case .dicom(let header):
      header.labelObject != nil ? .object : header.nonImage == nil ? .dicom : .nonImage
    case .nifti: .nifti
    case .refused: .refused
    }
  }

  /// Empty for what has none.
  var seriesUID: String? {
    guard case .dicom(let header) = self else { return nil }
    return header.identity.seriesInstanceUID ?? ""
  }

  var isNotDICOM: Bool {
    if case .refused(let fault) = self { return fault.code == .notDICOM }
    return false
  }
}
