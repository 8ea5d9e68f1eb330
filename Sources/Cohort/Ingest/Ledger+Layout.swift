import GRDB

extension Ledger {
  /// The number of the layout, of which packed answers are part. What was found in files of an older one
  /// is found again; of their rows only those stay that say which files a volume is of.
  static let version = 5

  static func storedVersion(_ db: Database) throws -> Int {
    try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
  }

  /// Whether there is nothing to make: what came last is there.
  static func isLaidOut(_ db: Database) throws -> Bool {
    guard try storedVersion(db) >= version else { return false }
    let last = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'images_by_series'"
    return try Int.fetchOne(db, sql: last) == 1
  }

  /// Moves the files of an older layout out of the way; says whether there are any.
  static func setAsideOlderFiles(_ db: Database) throws -> Bool {
    guard try storedVersion(db) < version, try db.tableExists("files") else { return false }
    let columns = Set(try db.columns(in: "files").map(\.name))
    guard columns.isSuperset(of: kept) else {
      try db.execute(sql: "DROP TABLE files")
      return false
    }
    try db.execute(sql: "ALTER TABLE files RENAME TO older_files")
    return true
  }

  /// Keeps which files the volumes were of, see ``FileKind/former``.
  static func takeOverOlderFiles(_ db: Database) throws {
    let columns = kept.joined(separator: ", ")
    try db.execute(
      sql: """
        INSERT INTO files(\(columns), kind) SELECT \(columns), 'former' FROM older_files
        WHERE volume IS NOT NULL;
        DROP TABLE older_files
        """)
  }

  private static let kept = [
    "path", "relative", "size", "modified", "device", "inode", "role", "claim", "volume", "run",
  ]

  /// The files that a volume was of when the layout was older, and that no run has come upon since,
  /// sorted by path.
  func formerFiles(ofVolume id: String) throws -> [FoundFile] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT path, relative, size, modified FROM files
          WHERE volume = ? AND kind = 'former' ORDER BY path
          """, arguments: [id]
      ).map {
        FoundFile(
          path: $0["path"], relative: $0["relative"], size: $0["size"], modified: $0["modified"])
      }
    }
  }
}
