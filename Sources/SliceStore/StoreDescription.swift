import Foundation
import Zarr

/// What a store says of itself, at the cost of reading its metadata and its manifest.
public struct StoreDescription: Sendable, Codable, Equatable {
  /// `cohort` or `slices`.
  public var kind: String
  /// The number of the format.
  public var version: Int
  /// How many volumes, patients and slices it holds.
  public var volumes, patients, slices: Int
  /// Bytes on disk of everything that the manifests name.
  public var bytes: Int
  /// A short name for what the store holds.
  public var digest: String
  /// Channels, rows and columns of a slice store.
  public var slice: [Int]?
  /// Names of the classes of a slice store; of the masks of a cohort, each with its volumes.
  public var labels: [String: Int]
  /// Volumes by modality, of a cohort; by part of the split, of a slice store.
  public var groups: [String: Int]
}

/// Describes the finished store at `path`, of either kind.
public func describe(_ path: String) throws -> StoreDescription {
  switch try storeKind(path) {
  case CohortLayout.format: try describe(CohortStore(path))
  default: try describe(SliceStore(path))
  }
}

private func describe(_ store: CohortStore) throws -> StoreDescription {
  var description = StoreDescription(
    kind: CohortLayout.format, version: CohortLayout.version, volumes: store.ids.count,
    patients: 0, slices: store.sliceCount, bytes: try size(of: store.path), digest: store.digest,
    labels: [:], groups: [:])
  var patients: Set<String> = []
  for id in store.ids {
    let record = try store.record(id)
    patients.insert(record.patient)
    description.groups[record.modality ?? "unknown", default: 0] += 1
    for label in record.labels { description.labels[label.name, default: 0] += 1 }
    description.bytes += try size(of: store.folder(of: id))
  }
  description.patients = patients.count
  return description
}

private func describe(_ store: SliceStore) throws -> StoreDescription {
  let names = store.attributes.labelNames
  return StoreDescription(
    kind: SliceLayout.format, version: SliceLayout.version, volumes: store.volumes.count,
    patients: Set(store.volumes.map(\.patient)).count, slices: store.count,
    bytes: try size(of: store.path), digest: store.digest,
    slice: [store.attributes.channels, store.attributes.height, store.attributes.width],
    labels: Dictionary(names.map { ($0.value, $0.key) }) { first, _ in first },
    groups: Dictionary(store.parts.map { ($0.rawValue, 1) }, uniquingKeysWith: +))
}

private func size(of folder: String) throws -> Int {
  try Manifest(path: folder + "/manifest").files.reduce(0) { $0 + $1.digest.size }
}

/// The `format` that a store's own metadata name; throws when it is none of ours.
func storeKind(_ path: String) throws -> String {
  let file = path + "/zarr.json"
  guard exists(file) else { throw StoreError.incomplete(path: path) }
  let lamina = try JSON(text: readFile(file), path: file)["attributes"]?["lamina"]
  guard let kind = lamina?["format"]?.string,
    kind == CohortLayout.format || kind == SliceLayout.format
  else { throw StoreError.format(path: path, found: "no store of this program") }
  return kind
}
