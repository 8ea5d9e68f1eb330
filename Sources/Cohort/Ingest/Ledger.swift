import Foundation
import GRDB
import Zarr

/// The private book beside a store: the key, who each pseudonym is, which files were seen.
///
/// It holds identities, so it is made with mode 0600 before anything is written to it. Nothing
/// but ingest, listing and forgetting opens it; training never does.
public final class Ledger: Sendable {
  /// Where it is; nil for one in memory.
  public let path: String?
  let database: DatabaseQueue
  let gathering = Locked(Gathering())

  /// The ledger of the store at `store`.
  public static func path(of store: String) -> String {
    var base = store
    while base.count > 1 && base.hasSuffix("/") { base.removeLast() }
    return (base.hasSuffix(".zarr") ? String(base.dropLast(5)) : base) + suffix
  }

  /// How the names of ledgers end.
  static let suffix = ".ledger.sqlite"

  /// Opens or makes the ledger at `path`; nil makes one in memory, which ends with the process. One that is
  /// there already can be opened while an ingest writes to it.
  public convenience init(_ path: String?) throws { try self.init(path, first: nil) }

  /// The same, with what comes first in it in the transaction that makes its tables, which may be `gathering`
  /// more, see ``gather()``.
  init(_ path: String?, gathering: Bool = false, first body: ((Database) throws -> Void)?) throws {
    self.path = path
    do {
      if let path { try Self.makeFile(path) }
      var configuration = Configuration()
      configuration.allowsUnsafeTransactions = true  // see `gather`
      configuration.busyMode = .timeout(5)
      // Who is forgotten must not stay readable in free pages.
      // Nor may anybody be written to a folder for temporary files.
      configuration.prepareDatabase {
        try $0.execute(
          sql: """
            PRAGMA journal_mode = TRUNCATE; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;
            PRAGMA cache_size = -\(Self.cacheKilobytes)
            """)
      }
      database =
        try path.map { try DatabaseQueue(path: $0, configuration: configuration) }
        ?? DatabaseQueue(configuration: configuration)
      if gathering { gather() }
      if try body == nil && read(Self.isLaidOut) { return }
      try write { db in
        try Self.makeTables(db)
        try body?(db)
      }
    } catch let error as DatabaseError {
      throw Self.failure(error, path)
    }
  }

  /// Dispatch frees the database's queue on a thread, and waits for one forever where there can be none:
  /// the queue is then kept.
  deinit {
    try? database.inDatabase {
      if $0.isInsideTransaction { try $0.rollback() }
      try $0.execute(sql: "PRAGMA journal_mode = DELETE")
    }
    guard startThread({}) != 0 else { return }
    try? database.close()
    _ = Unmanaged.passRetained(database)
  }

  /// Makes the file, or sees that it is one and nobody else's. One that is there is not opened: closed again, it
  /// would lose the locks that another connection of this process has.
  private static func makeFile(_ path: String) throws {
    func fail(_ code: Int32) -> CohortError {
      .ledger(path: path, reason: String(cString: strerror(code)))
    }
    let made = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if made >= 0 {
      fchmod(made, 0o600)
      close(made)
      return
    }
    guard errno == EEXIST else { throw fail(errno) }
    var status = stat()
    guard lstat(path, &status) == 0 else { throw fail(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw fail(status.st_mode & S_IFMT == S_IFLNK ? ELOOP : EINVAL)
    }
    if status.st_mode & 0o777 != 0o600 { chmod(path, 0o600) }
  }

  private static func makeTables(_ db: Database) throws {
    let isOlder = try setAsideOlderFiles(db)
    for table in [
      "meta(key TEXT PRIMARY KEY, value BLOB NOT NULL)",
      """
      files(path TEXT PRIMARY KEY, relative TEXT NOT NULL, size INTEGER NOT NULL,
        modified INTEGER NOT NULL, device INTEGER, inode INTEGER, role TEXT NOT NULL,
        claim TEXT, kind TEXT NOT NULL, series TEXT, owner TEXT, volume TEXT,
        copy INTEGER NOT NULL DEFAULT 0, run INTEGER NOT NULL, answer BLOB)
      """,
      "patients(pseudonym TEXT PRIMARY KEY, identity TEXT NOT NULL, name TEXT)",
      """
      studies(pseudonym TEXT PRIMARY KEY, patient TEXT NOT NULL, uid TEXT NOT NULL, date TEXT,
        description TEXT)
      """,
      """
      series(pseudonym TEXT PRIMARY KEY, study TEXT NOT NULL, uid TEXT NOT NULL, date TEXT,
        description TEXT, protocol TEXT)
      """,
      """
      volumes(id TEXT PRIMARY KEY, patient TEXT NOT NULL, study TEXT NOT NULL,
        series TEXT NOT NULL, part TEXT NOT NULL, digest TEXT NOT NULL, source TEXT NOT NULL,
        names BLOB NOT NULL)
      """,
      """
      masks(volume TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, source TEXT NOT NULL,
        PRIMARY KEY(volume, name))
      """,
      """
      archives(folder TEXT PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL,
        modified INTEGER NOT NULL)
      """,
      """
      structures(volume TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY(volume, name))
      """,
      "refusals(subject TEXT PRIMARY KEY, refusal BLOB NOT NULL)",
    ] {
      try db.execute(sql: "CREATE TABLE IF NOT EXISTS \(table)")
    }
    if isOlder { try takeOverOlderFiles(db) }
    for index in [
      "images_by_series ON files(series, run, kind, size, copy) WHERE series IS NOT NULL",
      "files_apart ON files(kind, path) WHERE \(apart)",
      "files_by_inode ON files(inode, device)",
      "volumes_by_series ON volumes(series)", "volumes_by_source ON volumes(source)",
      "files_by_volume ON files(volume) WHERE volume IS NOT NULL",
    ] {
      try db.execute(sql: "CREATE INDEX IF NOT EXISTS \(index)")
    }
    for former in ["files_waiting", "files_by_series"] {
      try db.execute(sql: "DROP INDEX IF EXISTS \(former)")
    }
    guard try storedVersion(db) < version else { return }
    try db.execute(sql: "PRAGMA user_version = \(version)")
  }

  /// Says of files what an index of images holds, so that those are counted without a look at the rows,
  /// which are long.
  static let areImages = "kind = 'dicom' AND series IS NOT NULL"

  /// Says of files that they are few among many images: those that wait, that were refused, and
  /// those of other kinds. A query for a kind of them names it, and then need not look through all.
  static let apart = "kind != 'dicom'"

  /// Pages that stay in memory: those of a transaction, so that none is written before its end. What is
  /// asked for later comes from the system's own cache as quickly.
  private static let cacheKilobytes = 8 << 10

  /// The rows of a query, each as text.
  package func rows(_ sql: String) throws -> [String] {
    try read {
      try Row.fetchAll($0, sql: sql).map { row in row.map { "\($0)=\($1)" }.joined(separator: " ") }
    }
  }

  /// Runs SQL as it stands.
  package func execute(_ sql: String) throws { try write { try $0.execute(sql: sql) } }
}

extension Ledger {
  /// The key of this ledger's pseudonyms: the one it has, else that of `file`, else a new one.
  ///
  /// A key file holds at least 16 bytes, or as many in hexadecimal. Throws when the ledger has
  /// another key than the file: the same patient would get two pseudonyms.
  package func key(from file: String?) throws -> [UInt8] {
    try write { try Self.key(from: file, $0) }
  }

  static func key(from file: String?, _ db: Database) throws -> [UInt8] {
    let given = try file.map { try readKey($0) }
    if let kept = try Data.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'key'") {
      if let given, given != [UInt8](kept) {
        throw CohortError.key(
          path: file ?? "", reason: "the store was begun with another one; give that, or none")
      }
      return [UInt8](kept)
    }
    let key = given ?? randomKey()
    try db.execute(
      sql: "INSERT INTO meta(key, value) VALUES ('key', ?)", arguments: [Data(key)])
    return key
  }

  /// Gives the ledger its key; throws when it has another.
  func set(key: [UInt8], named store: String) throws {
    let kept = try read { try Data.fetchOne($0, sql: "SELECT value FROM meta WHERE key = 'key'") }
    guard let kept else {
      return try write {
        try $0.execute(
          sql: "INSERT INTO meta(key, value) VALUES ('key', ?)", arguments: [Data(key)])
      }
    }
    guard [UInt8](kept) == key else {
      throw CohortError.key(
        path: path ?? "", reason: "\(store) was begun with another one than the parts")
    }
  }

  private static func randomKey() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  package static func readKey(_ file: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw CohortError.key(path: file, reason: "it cannot be read")
    }
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    let digits = text.compactMap(\.hexDigitValue)
    if text.count >= 32, digits.count == text.count, text.count % 2 == 0 {
      return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(digits[$0] * 16 + digits[$0 + 1])
      }
    }
    guard data.count >= 16 else {
      throw CohortError.key(path: file, reason: "it has fewer than 16 bytes")
    }
    return [UInt8](data)
  }
}
