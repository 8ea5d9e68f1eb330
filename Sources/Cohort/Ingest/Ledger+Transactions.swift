import GRDB

/// The transactions of a ledger's one connection, which is one thread's at a time.
extension Ledger {
  /// A transaction that is left open for more.
  struct Gathering {
    var isOn = false
    /// Rows in it.
    var rows = 0
    /// The end of the last one, beside other work; it stays where it failed.
    var commit: Later<Void>?
    /// More would take more memory than the pages that are kept there: SQLite would write some to the disk, and
    /// let nobody else read until the end.
    static let most = 4096
  }

  /// What any thread writes from now on is gathered in transactions of some thousand rows, the last one left open
  /// until ``commit()``: who reads finds it there, and need not wait for the disk.
  package func gather() { gathering.change { $0.isOn = true } }

  /// Ends that transaction beside the work that goes on. Whoever comes to the ledger from then on waits for
  /// it, and is told where it failed. Without one, nothing is done.
  package func commit() {
    gathering.change {
      if $0.isOn {
        $0.commit = Later(beside: true) { [database, former = $0.commit] in
          try former?.value()
          try database.writeWithoutTransaction { if $0.isInsideTransaction { try $0.commit() } }
        }
      }
      ($0.isOn, $0.rows) = (false, 0)
    }
  }

  /// Ends it, and waits until it has ended; tries once more where that failed, as where somebody who read
  /// was in the way.
  func settle() throws {
    commit()
    do {
      try committed()
    } catch {
      try database.writeWithoutTransaction { if $0.isInsideTransaction { try $0.commit() } }
    }
  }

  private func committed() throws {
    guard let commit = gathering.value.commit else { return }
    try commit.value()
    gathering.change { if $0.commit === commit { $0.commit = nil } }
  }

  /// Runs `body`, which writes about so many rows, in a transaction, or as a part of one that is undone alone
  /// where it throws.
  func write<Result>(rows: Int = 1, _ body: (Database) throws -> Result) throws -> Result {
    try withoutTransaction { db in
      let isOn = gathering.value.isOn
      if isOn && !db.isInsideTransaction { try db.beginTransaction() }
      var result: Result?
      do {
        try db.inSavepoint {
          result = try body(db)
          return .commit
        }
      } catch {
        if isOn && !db.isInsideTransaction { lose(error) }
        throw error
      }
      if isOn && isEnough(rows) { try db.commit() }
      return result!
    }
  }

  /// SQLite has undone all that was gathered, as it does where a disk is full: nobody may go on.
  private func lose(_ error: any Error) {
    gathering.change {
      $0.commit = Later(beside: false) { [former = $0.commit] in
        _ = former  // may be waiting for the database, which this thread has
        throw error
      }
    }
  }

  /// Whether it is time to end a transaction that has so many rows more.
  private func isEnough(_ rows: Int) -> Bool {
    gathering.change {
      $0.rows += rows
      let isEnough = $0.rows >= Gathering.most
      if isEnough { $0.rows = 0 }
      return isEnough
    }
  }

  /// Runs `body`, which makes its own transactions.
  func withoutTransaction<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try access { try database.writeWithoutTransaction(body) }
  }

  /// Runs `body` without changing anything.
  func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try access { try database.read(body) }
  }

  /// Waits for a transaction that ends beside; an error of SQLite's becomes one of ours.
  private func access<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      try committed()
      return try body()
    } catch let error as DatabaseError {
      throw Self.failure(error, path)
    }
  }

  /// SQLite's error as one of ours.
  static func failure(_ error: DatabaseError, _ path: String?) -> CohortError {
    let (path, reason) = (path ?? "in memory", error.message ?? "damaged")
    switch error.resultCode {
    case .SQLITE_FULL:
      return .unwritable(
        path: path,
        reason: "the disk is full; make room and run the same command again, which takes up where "
          + "it stopped")
    case .SQLITE_IOERR, .SQLITE_READONLY: return .unwritable(path: path, reason: reason)
    default: return .ledger(path: path, reason: reason)
    }
  }
}
