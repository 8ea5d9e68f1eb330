import Foundation
import GRDB

extension Ledger {
  /// Notes that the store is one part of several, or that it is not; throws when it was begun
  /// otherwise.
  static func begin(shard: Shard?, _ db: Database) throws {
    let text = shard?.text ?? ""
    let isBegun = try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM files)") ?? false
    let kept = try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'shard'")
    guard !isBegun || text == kept ?? "" else {
      let what = kept.map { "part \($0) of a tree" } ?? "a whole tree"
      throw CohortError.shard(text, reason: "the store was begun as \(what); give another --into")
    }
    guard shard != nil else { return }
    try db.execute(
      sql: "INSERT OR REPLACE INTO meta(key, value) VALUES ('shard', ?)", arguments: [text])
  }

  /// Keeps whom files belong to that still wait.
  func keep(owners: [(path: String, series: String?, owner: String)]) throws {
    try write(rows: owners.count) { db in
      let statement = try db.cachedStatement(
        sql: "UPDATE files SET series = ?, owner = ? WHERE path = ?")
      for (path, series, owner) in owners {
        try statement.execute(arguments: [series, owner, path])
      }
    }
  }

  /// Leaves the files that a run has found, and that are not known yet, to the part whose they are.
  /// `patient` says whom a NIfTI file belongs to.
  func divide(
    run: Int, owns: (String) -> Bool, named: (String) -> String,
    patient: (FoundFile) -> String
  ) throws {
    var last = ""
    var series = (uid: "", owner: "")
    while true {
      let files = try unsettled(after: last, run: run)
      guard let end = files.last else { return }
      var leaving: [String] = []
      for file in files {
        if let uid = file.series, uid != series.uid {
          series = (uid, try owner(ofSeries: uid) ?? file.found.path)
        }
        let owner =
          file.series != nil
          ? "patient " + series.owner
          : file.isNIfTI ? "patient " + patient(file.found) : "path " + named(file.found.path)
        if !owns(owner) { leaving.append(file.found.path) }
      }
      try leave(leaving)
      last = end.found.path
    }
  }

  private func unsettled(
    after path: String, run: Int
  ) throws -> [(found: FoundFile, series: String?, isNIfTI: Bool)] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT path, relative, size, modified, series, claim, kind FROM files
          WHERE path > ? AND run = ? AND role = 'image'
            AND kind IN ('waiting', 'other', 'part', 'description', 'link', 'archive')
          ORDER BY path LIMIT 512
          """, arguments: [path, run]
      ).map { row in
        let isWaiting = row["kind"] == FileKind.waiting.rawValue
        let found = FoundFile(
          path: row["path"], relative: row["relative"], size: row["size"],
          modified: row["modified"])
        return (found, row["series"], isWaiting && row["claim"] == "nifti")
      }
    }
  }

  /// Of the patients that the files of a series name, the first.
  private func owner(ofSeries uid: String) throws -> String? {
    try read {
      try String.fetchOne(
        $0, sql: "SELECT MIN(owner) FROM files WHERE series = ?", arguments: [uid])
    }
  }

  private func leave(_ paths: [String]) throws {
    try write(rows: paths.count) { db in
      let statement = try db.cachedStatement(
        sql: "UPDATE files SET kind = 'elsewhere', answer = NULL WHERE path = ?")
      for path in paths { try statement.execute(arguments: [path]) }
    }
  }
}

extension Ledger {
  /// Takes over everything that the ledger of a part knows, but refusals.
  ///
  /// Members of archives are called after the store that was made of them, so those of `part` get
  /// names after this one.
  func adopt(_ part: String, unpacked: (theirs: String, ours: String)) throws {
    try withoutTransaction { db in
      try db.execute(sql: "ATTACH DATABASE ? AS part", arguments: [part])
      defer { try? db.execute(sql: "DETACH DATABASE part") }
      try db.inTransaction {
        for sql in Self.adoption {
          let named = sql.contains(":theirs")
          try db.execute(
            sql: sql,
            arguments: named ? ["theirs": unpacked.theirs, "ours": unpacked.ours] : [:])
        }
        return .commit
      }
    }
  }

  private static let adoption: [String] = {
    func renamed(_ column: String) -> String {
      """
      CASE WHEN substr(\(column), 1, length(:theirs)) = :theirs
      THEN :ours || substr(\(column), length(:theirs) + 1) ELSE \(column) END
      """
    }
    let files = """
      relative, size, modified, device, inode, role, claim, kind, series, volume, copy, answer
      """
    return [
      """
      INSERT OR IGNORE INTO files(path, \(files), run) SELECT \(renamed("path")), \(files), 1
      FROM part.files WHERE kind NOT IN ('elsewhere', 'waiting')
      """,
      """
      INSERT OR IGNORE INTO archives(folder, path, size, modified)
      SELECT \(renamed("folder")), path, size, modified FROM part.archives
      """,
      """
      INSERT OR REPLACE INTO volumes SELECT id, patient, study, series, part, digest,
        \(renamed("source")), names FROM part.volumes
      """,
    ]
      + ["patients", "studies", "series"].map { table in
        "INSERT INTO \(table) SELECT * FROM part.\(table) WHERE true \(merging[table] ?? "")"
      }
      + ["masks", "structures"].map { "INSERT OR REPLACE INTO \($0) SELECT * FROM part.\($0)" }
      + ["INSERT OR REPLACE INTO meta(key, value) VALUES ('run', '1')"]
  }()
}
