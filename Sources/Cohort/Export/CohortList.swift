import Foundation
import SliceStore

/// What is in a cohort store, joined with its ledger where that is at hand.
public struct CohortList: Sendable, Codable, Equatable {
  /// One volume.
  public struct Entry: Sendable, Codable, Equatable {
    /// What the store knows.
    public var volume: IngestReport.Row
    /// What only the ledger knows; nil without it.
    public var identity: Identity?
  }

  /// Who and what a volume is.
  public struct Identity: Sendable, Codable, Equatable {
    /// Patient ID, or what stands for it.
    public var patient: String
    /// Patient's name.
    public var patientName: String?
    /// Study Date.
    public var studyDate: String?
    /// Study Description.
    public var studyDescription: String?
    /// Series Description, or the name of the file.
    public var seriesDescription: String?
    /// Protocol Name.
    public var protocolName: String?
    /// Series Instance UID, or the path of the file.
    public var seriesUID: String
    /// Which volume of the series.
    public var part: String
    /// The file, or the folder of the files.
    public var source: String
    /// What keyed names of its structures stand for.
    public var structures: [String: String]?
  }

  /// Volumes, sorted by name.
  public var entries: [Entry]

  /// Lists the store at `store`, with the ledger beside it when there is one that can be opened.
  public init(_ store: String) throws {
    let cohort = try CohortStore(store)
    var known: [String: VolumeIdentity] = [:]
    var structures: [String: [String: String]] = [:]
    let path = Ledger.path(of: store)
    if access(path, R_OK) == 0 {
      let ledger = try Ledger(path)
      let names = ArchiveNames(ledger)
      for var volume in try ledger.volumes() {
        volume.source = names.shown(volume.source)
        volume.seriesUID = names.shown(volume.seriesUID)
        known[volume.id] = volume
      }
      structures = try ledger.structures()
    }
    entries = try cohort.volumes.map { record in
      var identity = known[record.id].map(CohortList.Identity.init)
      identity?.structures = structures[record.id]
      return Entry(volume: IngestReport.Row(record), identity: identity)
    }
  }

  /// Rows of a table, its heading first.
  public var rows: [[String]] {
    [["volume", "patient", "kind", "voxels", "mm", "labels", "series", "date"]]
      + entries.map { entry in
        let (row, who) = (entry.volume, entry.identity)
        let size = row.size.map(String.init) + (row.leading > 1 ? [String(row.leading)] : [])
        let part = who.map { $0.part.isEmpty ? "" : " (\($0.part))" } ?? ""
        return [
          row.id, who?.patient ?? row.patient, row.modality ?? "–", size.joined(separator: "×"),
          row.spacing.map { "\($0)" }.joined(separator: "×"),
          row.labels.isEmpty ? "–" : row.labels.joined(separator: ","),
          (who?.seriesDescription ?? "–") + part, who?.studyDate ?? "–",
        ]
      }
  }
}

extension CohortList.Identity {
  init(_ volume: VolumeIdentity) {
    self.init(
      patient: volume.patientIdentity, patientName: volume.patientName,
      studyDate: volume.studyDate, studyDescription: volume.studyDescription,
      seriesDescription: volume.seriesDescription, protocolName: volume.protocolName,
      seriesUID: volume.seriesUID, part: volume.part, source: volume.source)
  }
}
