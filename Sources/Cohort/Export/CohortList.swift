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

  /// The entries of which some field matches every one of `conditions`: `field=text` or
  /// `field~text`, without regard to case; `=` asks for the whole, `~` for a part.
  ///
  /// Fields: `id`, `patient`, `modality`, `source`, `label`, `flag`, and from the ledger `name`,
  /// `description`, `protocol`, `study`, `date`, `part`, `path`. Throws ``CohortError/pattern(_:)``
  /// for a condition that is none.
  public func filtered(by conditions: [String]) throws -> CohortList {
    var list = self
    for text in conditions {
      guard let sign = text.firstIndex(where: { $0 == "=" || $0 == "~" }),
        let field = Self.fields[String(text[..<sign])]
      else { throw CohortError.pattern(text) }
      let wanted = text[text.index(after: sign)...].lowercased()
      let whole = text[sign] == "="
      list.entries.removeAll { entry in
        !field(entry).contains {
          whole ? $0.lowercased() == wanted : $0.lowercased().contains(wanted)
        }
      }
    }
    return list
  }

  private static let fields: [String: @Sendable (Entry) -> [String]] = [
    "id": { [$0.volume.id] },
    "patient": { [$0.volume.patient] + one($0.identity?.patient) },
    "modality": { one($0.volume.modality) },
    "source": { [$0.volume.source] },
    "label": { $0.volume.labels + ($0.identity?.structures?.values.sorted() ?? []) },
    "flag": { $0.volume.flags },
    "name": { one($0.identity?.patientName) },
    "description": { one($0.identity?.seriesDescription) },
    "protocol": { one($0.identity?.protocolName) },
    "study": { one($0.identity?.studyDescription) },
    "date": { one($0.identity?.studyDate) },
    "part": { one($0.identity?.part) },
    "path": { one($0.identity?.source) },
  ]

  private static func one(_ text: String?) -> [String] { text.map { [$0] } ?? [] }

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
