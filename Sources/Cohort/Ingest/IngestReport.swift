import Foundation
import Imaging
import SliceStore

/// What became of every file, series and mask that an ingest saw.
public struct IngestReport: Sendable, Codable, Equatable {
  /// A volume that is in the store.
  public struct Row: Sendable, Codable, Equatable {
    /// The volume's name in the store.
    public var id: String
    /// The patient's pseudonym.
    public var patient: String
    /// `CT`, `MR`, …, where it is known.
    public var modality: String?
    /// `dicom` or `nifti`.
    public var source: String
    /// Voxels along x, y, z.
    public var size: [Int]
    /// Points in time, or channels.
    public var leading: Int
    /// Millimetres along x, y, z, to a thousandth.
    public var spacing: [Double]
    /// The stored type.
    public var type: String
    /// Names of its masks.
    public var labels: [String]
    /// What was assumed or is odd.
    public var flags: [String]
    /// Whether this ingest put it there, or found it there; nil in the store's own report.
    public var isNew: Bool?
    /// The file or folder it came from: for the terminal, nil in the store's own report.
    public var name: String?
  }

  /// Something that was refused, as the store's own report has it: without names.
  public struct Refused: Sendable, Codable, Equatable {
    /// The reason as a stable word.
    public var code: RefusalCode
    /// `file`, `series`, `label` or `folder`.
    public var subject: Refusal.Subject
    /// A keyed name under which the ledger's holder finds what it was.
    public var pseudonym: String
    /// The reason in a sentence that names nothing.
    public var sentence: String
    /// How many files were lost.
    public var files: Int
  }

  /// Volumes, sorted by name.
  public var volumes: [Row] = []
  /// What was refused, for the terminal; empty in the store's own report.
  public var refusals: [Refusal] = []
  /// The same without names, sorted; empty in what ``Ingest/run(_:into:recipe:launch:progress:)``
  /// returns.
  public var refused: [Refused] = []
  /// Files that were copies of others.
  public var duplicates = 0
  /// Files looked at.
  public var files = 0
  /// Their bytes.
  public var bytes = 0
  /// DICOM objects that are no images.
  public var nonImages = 0
  /// Files of other kinds.
  public var others = 0

  /// Whether something was refused: exit code 3.
  public var isPartial: Bool { !refusals.isEmpty || !refused.isEmpty }

  /// How many refusals there are for each reason, the most frequent first.
  public var counts: [(code: RefusalCode, count: Int)] {
    let all = refusals.map(\.code) + refused.map(\.code)
    return Dictionary(grouping: all, by: { $0 }).map { ($0.key, $0.value.count) }
      .sorted { ($1.1, $0.0.rawValue) < ($0.1, $1.0.rawValue) }
  }

  /// Nothing seen yet.
  public init() {}
}

extension IngestReport.Row {
  /// A row for a volume of the store.
  init(_ record: CohortVolume) {
    let (size, spacing) = (record.grid.size, record.grid.affine.spacing)
    self.init(
      id: record.id, patient: record.patient, modality: record.modality,
      source: record.source.rawValue, size: [size.x, size.y, size.z],
      leading: record.leading.count,
      spacing: [spacing.x, spacing.y, spacing.z].map { ($0 * 1000).rounded() / 1000 },
      type: record.type.rawValue, labels: record.labels.map(\.name), flags: record.flags)
  }
}

extension IngestReport {
  /// The volumes as rows of a table, its heading first.
  public var volumeRows: [[String]] {
    [["volume", "kind", "voxels", "mm", "type", "labels", "flags", "from"]]
      + volumes.map { row in
        let size = row.size.map(String.init) + (row.leading > 1 ? [String(row.leading)] : [])
        let name = (row.name ?? "") + (row.isNew == false ? " (already stored)" : "")
        return [
          row.id, row.modality ?? "–", size.joined(separator: "×"),
          row.spacing.map { "\($0)" }.joined(separator: "×"), row.type,
          row.labels.isEmpty ? "–" : row.labels.joined(separator: ","),
          row.flags.isEmpty ? "–" : row.flags.joined(separator: ","), name,
        ]
      }
  }

  /// The refusals as rows of a table, its heading first; empty when there are none.
  public var refusalRows: [[String]] {
    guard !refusals.isEmpty else { return [] }
    return [["refused", "reason", "why"]]
      + refusals.map { [$0.name, $0.code.rawValue, $0.sentence] }
  }

  /// The whole in a sentence.
  public var summary: String {
    let new = volumes.filter { $0.isNew != false }.count
    let known = volumes.count - new
    var parts = ["\(new) volume\(new == 1 ? "" : "s") taken"]
    if known > 0 { parts.append("\(known) already stored") }
    if !refusals.isEmpty {
      let reasons = counts.map { "\($0.count) \($0.code.rawValue)" }.joined(separator: ", ")
      parts.append("\(refusals.count) refused (\(reasons))")
    }
    if duplicates > 0 { parts.append("\(duplicates) copies passed over") }
    if nonImages > 0 { parts.append("\(nonImages) non-image objects") }
    if others > 0 { parts.append("\(others) other files") }
    return parts.joined(separator: ", ") + "."
  }
}
