import DICOM
import Foundation
import GRDB
import SliceStore

/// Removing a patient from a cohort.
public enum Forgetting {
  /// Removes a patient from the store, its report, and the ledger; returns the volumes that are gone.
  ///
  /// The ledger is written anew, so that what was deleted is in no free page of it. Blocks of a disk
  /// that the file once had are beyond reach, and so are copies and backups. Throws `StoreError` when
  /// another process is writing the store.
  public static func run(_ pseudonym: String, from store: String) throws -> [String] {
    let writer = try CohortWriter(store)
    let removed = try writer.remove(patient: pseudonym)
    let path = Ledger.path(of: store)
    guard access(path, F_OK) == 0 else {
      try writer.finish()
      return removed
    }
    let ledger = try Ledger(path)
    let known = try ledger.forget(patient: pseudonym)
    let isChanged = !removed.isEmpty || !known.isEmpty
    if isChanged {
      let pseudonyms = Pseudonyms(key: try ledger.key(from: nil))
      try StoreReport.write(writer, ledger, pseudonyms, ledger.counts())
    }
    try writer.finish { isChanged ? [StoreReport.name] : [] }
    return Set(removed + known).sorted()
  }
}

extension Ledger {
  /// Removes a patient and all that is known of it, with every file that says that it is theirs, taken
  /// or refused; returns the volumes it had.
  public func forget(patient pseudonym: String) throws -> [String] {
    let ids = try write { db in
      let ids = try String.fetchAll(
        db, sql: "SELECT id FROM volumes WHERE patient = ? ORDER BY id", arguments: [pseudonym])
      var paths = try Self.paths(of: pseudonym, db)
      for id in ids {
        paths += try String.fetchAll(
          db, sql: "SELECT source FROM masks WHERE volume = ?", arguments: [id])
        try forgetMasks(of: id, db)
      }
      try Self.delete(paths, db)
      for table in ["volumes", "studies"] {
        try db.execute(sql: "DELETE FROM \(table) WHERE patient = ?", arguments: [pseudonym])
      }
      try db.execute(sql: "DELETE FROM series WHERE study NOT IN (SELECT pseudonym FROM studies)")
      try db.execute(sql: "DELETE FROM patients WHERE pseudonym = ?", arguments: [pseudonym])
      return ids
    }
    try rewrite()
    return ids
  }

  /// The files of a patient: the parts of the volumes, and those whose header has the identity.
  private static func paths(of pseudonym: String, _ db: Database) throws -> [String] {
    var paths = try String.fetchAll(
      db,
      sql: """
        SELECT path FROM files WHERE volume IN (SELECT id FROM volumes WHERE patient = :p)
        UNION SELECT source FROM volumes WHERE patient = :p
        UNION SELECT uid FROM series WHERE study IN (SELECT pseudonym FROM studies WHERE patient = :p)
        """, arguments: ["p": pseudonym])
    let identity = try String.fetchOne(
      db, sql: "SELECT identity FROM patients WHERE pseudonym = ?", arguments: [pseudonym])
    guard let identity else { return paths }
    let rows = try Row.fetchCursor(
      db, sql: "SELECT path, answer FROM files WHERE kind IN ('dicom', 'non-image')")
    while let row = try rows.next() {
      guard let data: Data = row["answer"],
        case .dicom(let header) = try? Frames.decode(ScanAnswer.self, [UInt8](data)),
        header.patientIdentity == identity
      else { continue }
      paths.append(row["path"])
    }
    return paths
  }

  /// Deletes what is known of files, of what was refused beside them in folders that hold nobody else,
  /// and of archives that held nothing else.
  private static func delete(_ paths: [String], _ db: Database) throws {
    for path in Set(paths) {
      try db.execute(sql: "DELETE FROM files WHERE path = ?", arguments: [path])
      try db.execute(
        sql: "DELETE FROM refusals WHERE substr(subject, instr(subject, ':') + 1) = ?",
        arguments: [path])
    }
    let folders = Set(paths.compactMap { path in path.lastIndex(of: "/").map { path[..<$0] } })
    for folder in folders {
      let range: StatementArguments = [folder + "/", folder + "0"]
      let isShared =
        try Bool.fetchOne(
          db,
          sql: """
            SELECT EXISTS (SELECT 1 FROM files
              WHERE path >= ? AND path < ? AND kind IN ('dicom', 'nifti', 'non-image'))
            """, arguments: range) ?? true
      guard !isShared else { continue }
      try db.execute(sql: "DELETE FROM files WHERE path >= ? AND path < ?", arguments: range)
      try db.execute(
        sql: "DELETE FROM refusals WHERE instr(subject, ?) > 0", arguments: [folder + "/"])
      try db.execute(
        sql: "DELETE FROM archives WHERE folder = ? OR instr(?, folder || '/') = 1",
        arguments: [String(folder), String(folder)])
    }
  }

  /// Writes the file anew: free pages go.
  private func rewrite() throws {
    do {
      try database.vacuum()
    } catch let error as DatabaseError {
      throw CohortError.ledger(path: path ?? "in memory", reason: error.message ?? "damaged")
    }
  }
}

extension DICOMHeader {
  /// Who the patient is: the Patient ID, or where that is blank the study.
  var patientIdentity: String {
    let given = identity.patientID.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
    guard given.isEmpty else { return given }
    return "study:" + (identity.studyInstanceUID ?? identity.seriesInstanceUID ?? "")
  }
}
