import Foundation
import GRDB

/// Who and what a volume is; kept in the ledger only.
package struct VolumeIdentity: Equatable, Sendable {
  package var id: String
  var patient: String
  var study: String
  var series: String
  /// Patient ID, or what stands for it.
  package var patientIdentity: String
  var patientName: String?
  var studyUID: String
  var studyDate: String?
  var studyDescription: String?
  var seriesUID: String
  var seriesDate: String?
  var seriesDescription: String?
  var protocolName: String?
  /// Which volume of the series.
  var part: String
  /// The keyed digest of the source.
  var digest: String
  /// The file, or the folder of the files.
  var source: String
  /// What a mask of this volume may be called, the most telling first.
  var names: [String]
}

extension Ledger {
  /// Where files say different things of one patient, study or series, the first by name is kept,
  /// whichever was read first.
  static let merging: [String: String] = {
    func first(_ columns: [String]) -> String {
      "ON CONFLICT(pseudonym) DO UPDATE SET "
        + columns.map {
          "\($0) = min(coalesce(\($0), excluded.\($0)), coalesce(excluded.\($0), \($0)))"
        }.joined(separator: ", ")
    }
    return [
      "patients": first(["identity", "name"]), "studies": first(["date", "description"]),
      "series": first(["date", "description", "protocol"]),
    ]
  }()

  /// Keeps who a volume is, and that files are part of it.
  func keep(_ volume: VolumeIdentity, of paths: [String] = []) throws {
    try write { db in
      try db.execute(
        sql: "DELETE FROM files WHERE volume = ? AND kind = 'former'", arguments: [volume.id])
      try Self.mark(paths, asPartOf: volume.id, db)
      try db.execute(
        sql: "INSERT INTO patients VALUES (?, ?, ?) \(Self.merging["patients"] ?? "")",
        arguments: [volume.patient, volume.patientIdentity, volume.patientName])
      try db.execute(
        sql: "INSERT INTO studies VALUES (?, ?, ?, ?, ?) \(Self.merging["studies"] ?? "")",
        arguments: [
          volume.study, volume.patient, volume.studyUID, volume.studyDate, volume.studyDescription,
        ])
      try db.execute(
        sql: "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?) \(Self.merging["series"] ?? "")",
        arguments: [
          volume.series, volume.study, volume.seriesUID, volume.seriesDate,
          volume.seriesDescription, volume.protocolName,
        ])
      try db.execute(
        sql: "INSERT OR REPLACE INTO volumes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          volume.id, volume.patient, volume.study, volume.series, volume.part, volume.digest,
          volume.source, try JSONEncoder().encode(volume.names),
        ])
    }
  }

  /// The volumes that are known, sorted by name.
  package func volumes() throws -> [VolumeIdentity] { try volumes(where: "1", []) }

  /// Who one volume is.
  func volume(_ id: String) throws -> VolumeIdentity? {
    try volumes(where: "v.id = ?", [id]).first
  }

  private func volumes(
    where condition: String, _ arguments: StatementArguments
  ) throws -> [VolumeIdentity] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT v.*, p.identity, p.name, t.uid AS study_uid, t.date AS study_date,
            t.description AS study_description, s.uid AS series_uid, s.date AS series_date,
            s.description, s.protocol
          FROM volumes v JOIN patients p ON p.pseudonym = v.patient
            JOIN studies t ON t.pseudonym = v.study JOIN series s ON s.pseudonym = v.series
          WHERE \(condition) ORDER BY v.id
          """, arguments: arguments
      ).map { row in
        VolumeIdentity(
          id: row["id"], patient: row["patient"], study: row["study"], series: row["series"],
          patientIdentity: row["identity"], patientName: row["name"], studyUID: row["study_uid"],
          studyDate: row["study_date"], studyDescription: row["study_description"],
          seriesUID: row["series_uid"], seriesDate: row["series_date"],
          seriesDescription: row["description"], protocolName: row["protocol"], part: row["part"],
          digest: row["digest"], source: row["source"],
          names: (try? JSONDecoder().decode([String].self, from: row["names"])) ?? [])
      }
    }
  }

  /// The digest under which a volume was stored.
  func digest(of id: String) throws -> String? {
    try read {
      try String.fetchOne($0, sql: "SELECT digest FROM volumes WHERE id = ?", arguments: [id])
    }
  }

  /// The digests of a volume's masks by name.
  func masks(of id: String) throws -> [String: String] {
    try read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT name, digest FROM masks WHERE volume = ?", arguments: [id])
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"], $0["digest"]) })
    }
  }

  /// Keeps which masks a volume has.
  func keep(masks: [(name: String, digest: String, source: String)], of id: String) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM masks WHERE volume = ?", arguments: [id])
      for mask in masks {
        try db.execute(
          sql: "INSERT INTO masks VALUES (?, ?, ?, ?)",
          arguments: [id, mask.name, mask.digest, mask.source])
      }
    }
  }
}
