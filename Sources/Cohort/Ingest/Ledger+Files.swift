import DICOM
import Foundation
import GRDB

extension Ledger {
  /// A new run's number: files that it sees are marked with it.
  func beginRun() throws -> Int {
    try write { db in
      let run = (try Int.fetchOne(db, sql: "SELECT MAX(run) FROM files") ?? 0) + 1
      return run
    }
  }

  /// The answer that an earlier run got for a file which has not changed since; marks it as seen.
  package func known(_ files: [FoundFile], run: Int) throws -> [String: ScanAnswer] {
    try write { db in
      var answers: [String: ScanAnswer] = [:]
      for file in files {
        let row = try Row.fetchOne(
          db, sql: "SELECT answer FROM files WHERE path = ? AND size = ? AND modified = ?",
          arguments: [file.path, file.size, file.modified])
        guard let data: Data = row?["answer"],
          let answer = try? Frames.decode(ScanAnswer.self, [UInt8](data))
        else { continue }
        answers[file.path] = answer
        try db.execute(
          sql: "UPDATE files SET run = ? WHERE path = ?", arguments: [run, file.path])
      }
      return answers
    }
  }

  /// Keeps what was found in files.
  package func keep(_ found: [(file: FoundFile, answer: ScanAnswer)], run: Int) throws {
    try write { db in
      for (file, answer) in found {
        let body = Data(try Frames.encode(answer).dropFirst(4))
        try db.execute(
          sql: """
            INSERT OR REPLACE INTO files(path, size, modified, kind, series, run, answer)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            file.path, file.size, file.modified, answer.kind, answer.seriesUID, run, body,
          ])
      }
    }
  }

  /// The series of the images that a run saw, sorted.
  func series(run: Int) throws -> [String] {
    try read {
      try String.fetchAll(
        $0,
        sql: "SELECT DISTINCT series FROM files WHERE kind = 'dicom' AND run = ? ORDER BY series",
        arguments: [run])
    }
  }

  /// The headers of a series that a run saw, sorted by path.
  package func headers(series: String, run: Int) throws -> [DICOMHeader] {
    let rows = try read {
      try Data.fetchAll(
        $0,
        sql: """
          SELECT answer FROM files WHERE kind = 'dicom' AND series = ? AND run = ? ORDER BY path
          """, arguments: [series, run])
    }
    return rows.compactMap { data in
      guard case .dicom(let header) = try? Frames.decode(ScanAnswer.self, [UInt8](data)) else {
        return nil
      }
      return header
    }
  }

  /// How many files of each kind are known.
  func fileCounts() throws -> [String: Int] {
    try read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT kind, COUNT(*) AS n FROM files GROUP BY kind")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["kind"], $0["n"]) })
    }
  }
}

extension ScanAnswer {
  var kind: String {
    switch self {
    case .dicom(let header): header.nonImage == nil ? "dicom" : "non-image"
    case .nifti: "nifti"
    case .refused: "refused"
    }
  }

  /// Empty for an image without one, which grouping then refuses.
  var seriesUID: String? {
    guard case .dicom(let header) = self else { return nil }
    return header.identity.seriesInstanceUID ?? ""
  }
}
