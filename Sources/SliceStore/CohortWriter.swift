import Foundation
import Imaging
import Zarr

/// Writes a cohort store, volume by volume in any order; the bytes depend on the volumes alone.
///
/// A volume's folder appears by a rename when everything in it is on disk, and the store's own
/// metadata last of all, so a killed writer leaves whole volumes and a store that says that it is
/// not finished. Opening the store again and adding what ``contains(_:)`` does not know gives the
/// bytes of an undisturbed run. `add` may be called from several threads, for different volumes.
public final class CohortWriter: @unchecked Sendable {  // no state but the folder and its lock
  /// Where the store is.
  public let path: String
  let folder: StoreFolder
  private let shardBytes: Int

  /// Opens or begins the store at `path` and locks it for this process.
  ///
  /// `shardBytes` is the size that a shard aims at, before compression. A finished store can be
  /// added to: it counts as unfinished from the first change until ``finish()``.
  public init(_ path: String, shardBytes: Int = 64 << 20) throws {
    self.path = path
    self.shardBytes = shardBytes
    folder = try StoreFolder(path)
    if folder.isComplete { _ = try CohortStore(path) }
    try restoreReplaced()
    try deleteTree(folder.writing)
  }

  /// Whether the store is finished as it stands.
  public var isFinished: Bool { folder.isComplete }

  /// Whether the volume is in the store, whole.
  public func contains(_ id: String) -> Bool { exists(self.folder(of: id) + "/zarr.json") }

  /// The record of a volume that is in the store.
  public func record(_ id: String) throws -> CohortVolume {
    try CohortStore.record(id, in: self.folder(of: id))
  }

  /// The volumes that are in the store, sorted.
  public var ids: [String] { names(in: path + "/volumes").filter { $0 != "zarr.json" } }

  /// Writes a volume with its masks.
  public func add(
    volume: Volume, record: CohortVolume, labels: [CohortLabel], replacing: Bool = false
  ) throws {
    try add(VolumeSource(volume), record: record, labels: labels, replacing: replacing)
  }

  /// Writes a volume with its masks, slice by slice as it is read.
  ///
  /// The record's `labels` are set from `labels`, its grid, type and scaling from `volume`. Throws
  /// `duplicate` when the store has the volume and it is not `replacing` that, `shape` when a mask is
  /// on another grid, and what reading throws. What is replaced is there until its successor is,
  /// whenever the process dies.
  public func add(
    _ volume: VolumeSource, record: CohortVolume, labels: [CohortLabel], replacing: Bool = false
  ) throws {
    try draft(volume, record: record, labels: labels, replacing: replacing).place()
  }

  /// Writes a volume as ``add(_:record:labels:replacing:)`` does, all but the last step.
  public func draft(
    _ volume: VolumeSource, record: CohortVolume, labels: [CohortLabel], replacing: Bool = false
  ) throws -> CohortDraft {
    guard replacing || !contains(record.id) else {
      throw StoreError.duplicate(path: path, volume: record.id)
    }
    let record = try checked(record, volume: volume.shape, labels: labels)
    try folder.reopen()
    let draft = CohortDraft(of: record, by: self)
    try deleteTree(draft.path)
    var files = try write(volume, record: record, to: draft.path)
    for label in labels.sorted(by: { $0.name < $1.name }) {
      files += try write(label, to: draft.path)
    }
    if !labels.isEmpty {
      let ome = OMEMetadata.labels(record.labels.map(\.name))
      files.append(try put(groupDocument(["ome": ome]), at: "labels/zarr.json", in: draft.path))
    }
    let manifest = Manifest(files)
    try writeFile(manifest.text, to: draft.path + "/manifest", syncing: false)
    return draft
  }

  /// Puts back what a process that died had moved away and not yet replaced.
  private func restoreReplaced() throws {
    for id in names(in: folder.replaced) where !contains(id) {
      try move(folder.replaced + "/" + id, to: self.folder(of: id))
    }
    try deleteTree(folder.replaced)
  }

  func move(_ source: String, to target: String) throws {
    guard rename(source, target) == 0 else {
      throw ZarrError.system(path: source, verb: "rename", code: errno)
    }
  }

  /// Removes every volume of a patient; returns their names. ``finish()`` must follow.
  public func remove(patient: String) throws -> [String] {
    let leaving = try ids.filter { try self.record($0).patient == patient }
    try remove(volumes: leaving)
    return leaving
  }

  /// Removes one volume, as to write it anew; ``finish()`` must follow.
  public func remove(volume id: String) throws {
    guard contains(id) else { throw StoreError.unknown(path: path, name: id) }
    try remove(volumes: [id])
  }

  private func remove(volumes leaving: [String]) throws {
    guard !leaving.isEmpty else { return }
    try folder.reopen()
    try makeFolder(folder.writing)
    for id in leaving { try move(self.folder(of: id), to: folder.writing + "/removed-" + id) }
    try syncFolder(path + "/volumes")
    for id in leaving { try deleteTree(folder.writing + "/removed-" + id) }
  }

  func folder(of id: String) -> String { path + "/volumes/" + id }

  private func checked(
    _ record: CohortVolume, volume: VolumeShape, labels: [CohortLabel]
  ) throws -> CohortVolume {
    try checkName(record.id)
    var record = record
    (record.grid, record.leading) = (volume.grid, volume.leading)
    (record.type, record.scaling) = (volume.type, volume.scaling)
    func fail(_ reason: String) -> StoreError { .shape(volume: record.id, reason: reason) }
    guard volume.grid.count > 0, volume.leading.count > 0 else { throw fail("no voxels") }
    guard volume.grid.sliceCount <= (1 << 30) / volume.type.size else { throw fail("huge slices") }
    for label in labels {
      try checkName(label.name)
      guard label.size == volume.grid.size else {
        throw fail("mask \(label.name) is on another grid")
      }
    }
    record.labels = labels.map(\.record).sorted { $0.name < $1.name }
    guard Set(record.labels.map(\.name)).count == labels.count else {
      throw fail("two masks of one name")
    }
    return record
  }

  private typealias Files = [(path: String, digest: FileDigest)]

  private func write(
    _ volume: VolumeSource, record: CohortVolume, to draft: String
  ) throws -> Files {
    let ome = OMEMetadata(grid: volume.shape.grid, leading: volume.shape.leading)
    let metadata = CohortLayout.array(
      of: volume.shape, names: ome.axisNames, codec: try CohortLayout.codec(for: volume),
      shardBytes: shardBytes)
    let attributes: [String: JSON] = [
      "ome": ome.image(named: record.id), "lamina": try JSON(encoding: record),
    ]
    return try write(volume, as: metadata, to: draft + "/0").map { ("0/" + $0.path, $0.digest) }
      + [try put(groupDocument(attributes), at: "zarr.json", in: draft)]
  }

  private func write(
    _ source: VolumeSource, as metadata: ArrayMetadata, to folder: String
  ) throws -> Files {
    let shards = ShardSequence(folder, metadata: metadata, syncing: false)
    try source.pack(metadata.codec) { try shards.append(packed: $0) }
    return try shards.finish()
  }

  private func write(_ label: CohortLabel, to draft: String) throws -> Files {
    let (name, source) = (label.name, try label.source())
    let grid = source.shape.grid
    precondition(grid.size == label.size, "the voxels of a mask are not as many as was said")
    let ome = OMEMetadata(grid: grid, leading: .none)
    let metadata = CohortLayout.array(
      of: source.shape, names: ome.axisNames, codec: CohortLayout.labelCodec,
      shardBytes: shardBytes)
    let below = "labels/\(name)"
    let array = try write(source, as: metadata, to: "\(draft)/\(below)/0")
    let group = groupDocument(["ome": ome.image(named: name, labels: label.names)])
    return array.map { ("\(below)/0/" + $0.path, $0.digest) }
      + [try put(group, at: below + "/zarr.json", in: draft)]
  }

  private func put(
    _ bytes: [UInt8], at below: String, in draft: String
  ) throws -> (path: String, digest: FileDigest) {
    (below, try writeFile(bytes, to: draft + "/" + below, syncing: false))
  }
}
