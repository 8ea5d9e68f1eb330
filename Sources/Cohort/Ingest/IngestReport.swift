import Foundation
import Imaging
import SliceStore

/// What became of every file, series and mask that an ingest saw: for the terminal, with names.
///
/// The store's own report, which names nothing, is written by ``StoreReport``. Lists end after
/// ``most`` entries, so that a report of a million volumes is small enough to be held; the numbers
/// are of all.
public struct IngestReport: Sendable, Equatable {
  /// The longest list.
  public static let most = 10_000

  /// What became of a volume.
  public enum Outcome: String, Sendable, Codable {
    /// It is new.
    case taken
    /// It takes the place of one whose source has changed.
    case replaced
    /// It was there already.
    case known
  }

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
    /// How the grids of masks that were resampled differed from the volume's, by name.
    public var resampled: [String: GridDifference]?
    /// What was assumed or is odd.
    public var flags: [String]
    /// What became of it; nil in the store's own report.
    public var outcome: Outcome?
    /// The file or folder it came from; nil in the store's own report.
    public var name: String?
    /// Series Description, or the file's name; nil in the store's own report.
    public var series: String?

    /// Whether this ingest put it there, or found it there; nil in the store's own report.
    public var isNew: Bool? { outcome.map { $0 != .known } }
  }

  /// Volumes that are alike but for their patients.
  public struct Series: Sendable, Codable, Hashable {
    /// Series Description, or the file's name.
    public var description: String
    /// `CT`, `MR`, …, where it is known.
    public var modality: String?
    /// Voxels along x, y, z, then points in time or channels where there are several.
    public var size: [Int]
    /// Millimetres along x, y, z.
    public var spacing: [Double]
    /// Names of the masks.
    public var labels: [String]
    /// What was assumed or is odd.
    public var flags: [String]
  }

  /// Everything that was refused for one reason.
  public struct Reason: Sendable, Codable, Equatable {
    /// The reason as a stable word.
    public var code: RefusalCode
    /// How many files, series, folders or masks.
    public var count: Int
    /// How many files are lost with them.
    public var files: Int
    /// The first of them, by name; nil in the store's own report.
    public var example: String?
  }

  /// Volumes, sorted by name.
  public var volumes: [Row] = []
  /// How many volumes are alike.
  public var series: [Series: Int] = [:]
  /// What was refused, sorted by name.
  public var refusals: [Refusal] = []
  /// The reasons, by code.
  public var reasons: [RefusalCode: Reason] = [:]
  /// Volumes that are new.
  public var taken = 0
  /// Volumes that replace others.
  public var replaced = 0
  /// Volumes that were there.
  public var known = 0
  /// Volumes that are gone, because all of their files belong to others now.
  public var removed = 0
  /// Files that were copies or other names of others.
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
  public var isPartial: Bool { !reasons.isEmpty }
  /// How many things were refused.
  public var refused: Int { reasons.values.reduce(0) { $0 + $1.count } }
  /// Volumes that are in the store now and were seen.
  public var present: Int { taken + replaced + known }

  /// Nothing seen yet.
  public init() {}
}

extension IngestReport {
  mutating func add(_ refusal: Refusal) {
    if refusals.count < Self.most { refusals.append(refusal) }
    var reason =
      reasons[refusal.code] ?? Reason(code: refusal.code, count: 0, files: 0, example: refusal.name)
    (reason.count, reason.files) = (reason.count + 1, reason.files + refusal.files)
    reason.example = min(reason.example ?? refusal.name, refusal.name)
    reasons[refusal.code] = reason
  }

  mutating func add(_ row: Row) {
    switch row.outcome {
    case .taken: taken += 1
    case .replaced: replaced += 1
    case .known, nil: known += 1
    }
    if volumes.count < Self.most { volumes.append(row) }
    let kind = Series(row)
    if series[kind] != nil || series.count < Self.most { series[kind, default: 0] += 1 }
  }

  mutating func add(_ counts: FileCounts) {
    (files, bytes, duplicates) = (counts.all, counts.bytes, counts.copies)
    nonImages = counts.files[.nonImage] ?? 0
    others = counts.files[.other] ?? 0
  }

  mutating func sort() {
    volumes.sort { $0.id < $1.id }
    refusals.sort { ($0.name, $0.code.rawValue) < ($1.name, $1.code.rawValue) }
  }
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
    let differences = record.labels.compactMap { label in
      label.resampledFrom.map { (label.name, $0) }
    }
    if !differences.isEmpty { resampled = Dictionary(uniqueKeysWithValues: differences) }
  }
}

extension IngestReport.Series {
  init(_ row: IngestReport.Row) {
    self.init(
      description: row.series ?? "", modality: row.modality,
      size: row.size + (row.leading > 1 ? [row.leading] : []), spacing: row.spacing,
      labels: row.labels, flags: row.flags)
  }
}
