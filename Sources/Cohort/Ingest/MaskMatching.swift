import DICOM
import Foundation
import Imaging
import NIfTI

/// A mask that goes with a volume.
package struct AssignedMask: Sendable, Equatable {
  package var path: String
  /// The label image's name in the store.
  package var name: String
  /// What that is made of, as its file's name or a table has it.
  var given = ""
  /// What its classes are called.
  package var names: [Int: String]
  /// A digest of its file.
  var digest: String
  /// A SEG's or an RTSTRUCT's kind: its structures get their names when they are read.
  var object: LabelObject.Kind?
  /// Classes that stand for a region each, beside their own label image: nnU-Net's lists.
  var regions: [String: [Int]] = [:]
  /// Whether `names` and `regions` are all the classes that there may be.
  var isClosed = false
}

/// Finds the volume that each mask of a folder belongs to.
///
/// In this order: what `labels.tsv` says (columns `mask` and `series_instance_uid`, `series` or
/// `volume`, and perhaps `name`); for BIDS's `_dseg` and `_mask`, the image of the same subject and
/// session; for a file of a folder `segmentations`, the image beside that; the volume's name in the
/// store, with anything behind it; the source's name; a folder of the series. Of several volumes the
/// one on the mask's grid is meant.
package struct MaskMatching {
  /// A volume that may have a mask.
  package struct Candidate {
    var id: String
    var names: [String]
    var grid: Grid
    /// Its file, or the folder of its files.
    var source: String

    package init(id: String, names: [String], grid: Grid, source: String = "") {
      (self.id, self.names, self.grid, self.source) = (id, names, grid, source)
    }
  }

  package private(set) var assigned: [String: [AssignedMask]] = [:]
  package private(set) var refusals: [Refusal] = []

  private let folder: String
  private let table: [String: TableRow]
  private let classNames: [Int: String]
  private let byName: [String: [(rank: Int, candidate: Candidate)]]
  private let bySubject: [String: [(name: BIDSName, candidate: Candidate)]]
  private let byFolder: [String: [Candidate]]
  private var tables = SegmentationTables()

  package init(
    folder: String, masks: [FoundFile], summaries: [String: NIfTISummary],
    candidates: [Candidate]
  ) {
    self.folder = folder
    table = Self.readTable(folder + "/labels.tsv")
    classNames =
      readClassNames(folder + "/labels.json") ?? readClassNames(folder + "/dataset.json")
      ?? [:]
    var byName: [String: [(rank: Int, candidate: Candidate)]] = [:]
    for candidate in candidates {
      for (rank, name) in ([candidate.id] + candidate.names).enumerated() {
        byName[name, default: []].append((rank, candidate))
      }
    }
    self.byName = byName
    bySubject = Dictionary(
      grouping: candidates.compactMap { one in
        one.names.first.flatMap { BIDSName($0) }.map { ($0, one) }
      }, by: { $0.0.entities["sub"] ?? "" })
    byFolder = candidates.reduce(into: [:]) { folders, one in
      for folder in Set([one.source, (one.source as NSString).deletingLastPathComponent]) {
        folders[folder, default: []].append(one)
      }
    }
    for mask in masks {
      guard let summary = summaries[mask.path] else { continue }
      assign(mask, summary)
    }
  }

  private mutating func assign(_ mask: FoundFile, _ summary: NIfTISummary) {
    let row = table[mask.relative] ?? table[NIfTIFile.stem(mask.path)]
    let bids = BIDSName.isMask(mask.path) ? BIDSName(mask.path) : nil
    var (keys, behind) = keys(of: mask)
    var matches = row.map { row in self.matches(row.target) } ?? []
    if row == nil, let bids {
      matches = self.matches(bids, mask.path, summary.grid)
      if !matches.isEmpty { behind = bids.maskName }
    }
    if row == nil, SegmentationsFolder.holds(mask.path) {
      matches = byFolder[SegmentationsFolder.subject(of: mask.path)] ?? []
      if !matches.isEmpty { behind = NIfTIFile.stem(mask.path) }
    }
    if row == nil, matches.isEmpty {
      matches = keys.lazy.map(self.matches).first { !$0.isEmpty } ?? []
    }
    guard !matches.isEmpty else {
      refusals.append(Refusal(.labelUnmatched, .label, name: mask.path))
      return
    }
    let fitting = matches.filter { LabelPlace.fits(summary.grid, $0.grid) }
    guard matches.count == 1 || fitting.count == 1 else {
      refusals.append(Refusal(.labelAmbiguous, .label, name: mask.path))
      return
    }
    let volume = (matches.count == 1 ? matches : fitting)[0]
    let given = row?.name ?? behind
    let name = labelName(given)
    guard !(assigned[volume.id] ?? []).contains(where: { $0.name == name }) else {
      refusals.append(Refusal(.labelDuplicate, .label, name: mask.path))
      return
    }
    assigned[volume.id, default: []].append(
      AssignedMask(
        path: mask.path, name: name, given: given, names: names(of: mask.path, bids),
        digest: summary.digest))
  }

  /// What the classes are called: by the file beside the mask, by BIDS's tables, by the folder's.
  private mutating func names(of path: String, _ bids: BIDSName?) -> [Int: String] {
    if let names = readClassNames(NIfTIFile.base(path) + ".json") { return names }
    guard let bids else { return classNames }
    if bids.suffix == "mask", let label = bids.entities["label"] { return [1: label] }
    return tables.names(of: path) ?? classNames
  }

  /// The images of a BIDS mask's subject and session that share what its name says; of several the
  /// ones that its sidecar names as sources, or that share most, or that lie on its grid.
  private func matches(_ bids: BIDSName, _ path: String, _ grid: Grid) -> [Candidate] {
    let related = (bySubject[bids.entities["sub"] ?? ""] ?? []).compactMap { name, candidate in
      bids.agreement(with: name).map { (shared: $0, candidate: candidate) }
    }
    let sources = Set(readSources(path))
    let named = related.filter { $0.candidate.names.first.map(sources.contains) ?? false }
    if !named.isEmpty { return named.map(\.candidate) }
    let fitting = related.filter { LabelPlace.fits(grid, $0.candidate.grid) }
    let best = (fitting.isEmpty ? related : fitting)
    let most = best.map(\.shared).max()
    return best.filter { $0.shared == most }.map(\.candidate)
  }

  /// The volumes of this name at which it is the most telling.
  private func matches(_ name: String) -> [Candidate] {
    let all = byName[name] ?? []
    let best = all.map(\.rank).min()
    return all.filter { $0.rank == best }.map(\.candidate)
  }

  /// Names under which a mask may look for its volume, and what stands behind them.
  private func keys(of mask: FoundFile) -> (keys: [String], behind: String) {
    let stem = NIfTIFile.stem(mask.path)
    if byName[stem] != nil { return ([stem], "") }
    // The longest part of the name, up to a separator, that a volume has.
    let separators = stem.indices.filter { "_-.".contains(stem[$0]) }
    for cut in separators.reversed() where byName[String(stem[..<cut])] != nil {
      return ([String(stem[..<cut])], String(stem[stem.index(after: cut)...]))
    }
    let folders = mask.relative.split(separator: "/").dropLast().reversed().map(String.init)
    return (folders, stem)
  }

  /// A name that a store takes: `label-liver` gives `liver`, words for masks in general `labels`.
  private func labelName(_ text: String) -> String {
    var name = text.hasPrefix("label-") ? String(text.dropFirst(6)) : text
    name = String(name.map { $0.inStoreNames ?? "-" }.joined().prefix(32))
    while name.hasPrefix("-") { name.removeFirst() }
    let general = ["", "seg", "mask", "label", "labels", "dseg", "segmentation"]
    return general.contains(name.lowercased()) ? "labels" : name
  }
}

/// Whether a mask may lie on a volume's grid in another order of axes.
enum LabelPlace {
  static func fits(_ mask: Grid, _ volume: Grid) -> Bool {
    mask.order(of: volume) != nil
  }
}

extension MaskMatching {
  fileprivate struct TableRow {
    var target: String
    var name: String?
  }

  /// Rows by the mask's file name and by its stem; none when there is no table.
  fileprivate static func readTable(_ path: String) -> [String: TableRow] {
    guard let data = FileManager.default.contents(atPath: path), data.count <= 64 << 20 else {
      return [:]
    }
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    let rows = lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
    guard let head = rows.first?.map({ $0.lowercased() }), let mask = head.firstIndex(of: "mask"),
      let target = ["series_instance_uid", "series", "volume", "source"].lazy
        .compactMap({ head.firstIndex(of: $0) }).first
    else { return [:] }
    let name = head.firstIndex(of: "name")
    var table: [String: TableRow] = [:]
    for row in rows.dropFirst() where row.count > max(mask, target) {
      let entry = TableRow(
        target: String(row[target]),
        name: name.flatMap { $0 < row.count && !row[$0].isEmpty ? String(row[$0]) : nil })
      table[String(row[mask])] = entry
      table[NIfTIFile.stem(String(row[mask]))] = entry
    }
    return table
  }
}

/// The stems of the images that a BIDS derivative's sidecar says it was made from.
private func readSources(_ mask: String) -> [String] {
  struct Sidecar: Decodable {
    var sources, rawSources: [String]?
    enum CodingKeys: String, CodingKey {
      case sources = "Sources"
      case rawSources = "RawSources"
    }
  }
  let path = NIfTIFile.base(mask) + ".json"
  guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 20,
    let sidecar = try? JSONDecoder().decode(Sidecar.self, from: data)
  else { return [] }
  return ((sidecar.sources ?? []) + (sidecar.rawSources ?? [])).map(NIfTIFile.stem)
}

/// Names of classes from a file: `{"1": "liver"}`, `{"liver": 1}`, or either under `labels`.
func readClassNames(_ path: String) -> [Int: String]? {
  struct Wrapped: Decodable { var labels: [String: LabelValue] }
  guard let data = FileManager.default.contents(atPath: path), data.count <= 64 << 20 else {
    return nil
  }
  let decoder = JSONDecoder()
  guard
    let values = (try? decoder.decode(Wrapped.self, from: data))?.labels
      ?? (try? decoder.decode([String: LabelValue].self, from: data))
  else { return nil }
  let names = Dataset.names(values)
  return names.isEmpty ? nil : names
}
