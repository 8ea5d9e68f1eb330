import DICOM
import Foundation
import GRDB

/// An image of a series, in whichever run it was seen last.
final class SeriesFile: Sendable {
  let size, modified: Int
  /// Whether the present run has seen it.
  let isPresent: Bool
  /// The volume that it is part of.
  let volume: String?
  let isCopy: Bool
  let header: DICOMHeader

  var path: String { header.identity.path }

  /// Columns by number: each name that is looked for would cost as much as a field of the header.
  fileprivate static let columns = "path, size, modified, run, volume, copy, answer"

  /// Nil where nothing of its header is known.
  fileprivate init?(_ row: Row, run: Int) {
    guard let data: Data = row[6],
      case .dicom(var header) = try? Frames.decode(ScanAnswer.self, [UInt8](data))
    else { return nil }
    header.identity.path = row[0]
    (size, modified, self.header) = (row[1], row[2], header)
    (isPresent, volume, isCopy) = (row[3] == run, row[4], row[5])
  }
}

extension Ledger {
  /// The next series after `uid` of which a run has seen images, in their order.
  func series(after uid: String, run: Int, limit: Int) throws -> [String] {
    try read { db in
      // One after the other, by the index: the rows of each are not gone through.
      let statement = try db.cachedStatement(
        sql: """
          SELECT series FROM files WHERE series > ? AND run = ? AND kind = 'dicom'
          ORDER BY series LIMIT 1
          """)
      var uids: [String] = []
      while uids.count < limit,
        let next = try String.fetchOne(statement, arguments: [uids.last ?? uid, run])
      {
        uids.append(next)
      }
      return uids
    }
  }

  /// Calls `body` for every series of which a run has seen images.
  func eachSeries(run: Int, _ body: (String) throws -> Void) throws {
    var last = ""
    while let uid = try series(after: last, run: run, limit: 1).first {
      try body(uid)
      last = uid
    }
  }

  /// How many images a run has seen, and their bytes.
  func images(run: Int) throws -> (files: Int, bytes: Int) {
    try read { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT COUNT(*) AS n, SUM(size) AS bytes FROM files
          WHERE \(Self.areImages) AND run = ?
          """,
        arguments: [run])
      return (row?["n"] ?? 0, row?["bytes"] ?? 0)
    }
  }

  /// How many images of a series a run has seen, and their bytes.
  func images(series uid: String, run: Int) throws -> (files: Int, bytes: Int) {
    try read { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT COUNT(*) AS n, SUM(size) AS bytes FROM files
          WHERE series = ? AND run = ? AND kind = 'dicom'
          """, arguments: [uid, run])
      return (row?["n"] ?? 0, row?["bytes"] ?? 0)
    }
  }

  /// The images of a series that any run has seen, sorted by path.
  func files(series uid: String, run: Int) throws -> [SeriesFile] {
    let rows = try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT \(SeriesFile.columns) FROM files
          WHERE kind = 'dicom' AND series = ? ORDER BY path
          """, arguments: [uid])
    }
    // Unpacked when the database is free for the other threads again.
    return rows.compactMap { SeriesFile($0, run: run) }
  }

  /// The headers of a series that a run saw, sorted by path.
  package func headers(series uid: String, run: Int) throws -> [DICOMHeader] {
    try files(series: uid, run: run).filter(\.isPresent).map(\.header)
  }

  /// The headers of a volume's images, sorted by path.
  func images(ofVolume id: String) throws -> [DICOMHeader] {
    let rows = try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT \(SeriesFile.columns) FROM files
          WHERE volume = ? AND kind = 'dicom' ORDER BY path
          """, arguments: [id])
    }
    return rows.compactMap { SeriesFile($0, run: 0)?.header }
  }

  /// Volumes of a series that are known.
  func volumes(ofSeries pseudonym: String) throws -> [String] {
    try read {
      try String.fetchAll(
        $0, sql: "SELECT id FROM volumes WHERE series = ? ORDER BY id", arguments: [pseudonym])
    }
  }

  /// Notes which volume files are part of.
  func mark(_ paths: [String], asPartOf volume: String) throws {
    try write { try Self.mark(paths, asPartOf: volume, $0) }
  }

  static func mark(_ paths: [String], asPartOf volume: String?, _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "UPDATE files SET volume = ? WHERE path = ?")
    for path in paths { try statement.execute(arguments: [volume, path]) }
  }

  /// Notes that files are copies of others.
  func mark(copies paths: [String]) throws {
    guard !paths.isEmpty else { return }
    try write { db in
      let statement = try db.cachedStatement(sql: "UPDATE files SET copy = 1 WHERE path = ?")
      for path in paths { try statement.execute(arguments: [path]) }
    }
  }

  /// Volumes that came from a file.
  func volumes(fromSource path: String) throws -> [String] {
    try read {
      try String.fetchAll(
        $0, sql: "SELECT id FROM volumes WHERE source = ? ORDER BY id", arguments: [path])
    }
  }

  /// The Series Description of a volume.
  func description(of id: String) throws -> String? {
    try read {
      try String.fetchOne(
        $0,
        sql: """
          SELECT s.description FROM volumes v JOIN series s ON s.pseudonym = v.series
          WHERE v.id = ?
          """, arguments: [id])
    }
  }

  /// The first image of a series, by path.
  func firstPath(series uid: String) throws -> String {
    try read {
      try String.fetchOne(
        $0, sql: "SELECT MIN(path) FROM files WHERE series = ?", arguments: [uid])
    } ?? uid
  }

  /// Whether some file is part of a volume.
  func hasFiles(ofVolume id: String) throws -> Bool {
    try read {
      try Bool.fetchOne(
        $0, sql: "SELECT EXISTS (SELECT 1 FROM files WHERE volume = ?)", arguments: [id])
    } ?? false
  }

  /// Removes what is known of a volume that has given way to others, or that could not be read: files
  /// that were said to be part of it are part of none.
  func forget(volume id: String, of paths: [String] = []) throws {
    try write { db in
      try Self.mark(paths, asPartOf: nil, db)
      for table in ["masks", "structures"] {
        try db.execute(sql: "DELETE FROM \(table) WHERE volume = ?", arguments: [id])
      }
      try db.execute(sql: "DELETE FROM volumes WHERE id = ?", arguments: [id])
    }
  }
}
