import Foundation
import Imaging
import Zarr

/// What an unfinished slice store knows of itself, under `.writing`: its attributes, the records
/// of the volumes begun, and the digests of the shards finished.
///
/// Each record and each line can be checked by itself, so one that was torn by a kill is dropped.
final class SliceJournal {
  /// Volumes that lie wholly in shards of an earlier run, in their order; then those of this run.
  private(set) var volumes: [SliceVolumeRecord] = []
  /// Those of an earlier run, by name and time point.
  private(set) var kept: Set<String> = []
  /// The files of the shards that are finished, in their order.
  private(set) var files: [(path: String, digest: FileDigest)] = []
  /// How many shards are finished.
  private(set) var shardCount = 0
  private let folder: StoreFolder
  private let attributes: SliceStoreAttributes

  init(_ folder: StoreFolder, attributes: SliceStoreAttributes, isComplete: Bool) throws {
    (self.folder, self.attributes) = (folder, attributes)
    if isComplete { return }
    try makeFolder(folder.writing)
    try compareSettings()
    try keepShards()
    try keepVolumes()
  }

  private func compareSettings() throws {
    let settings = folder.writing + "/settings.json"
    let text = try JSON(encoding: attributes).text
    if exists(settings) {
      guard try readFile(settings) == text else {
        throw StoreError.otherSettings(path: folder.path)
      }
    } else {
      try writeFile(text, to: settings)
    }
  }

  /// Reads back the shards of an earlier run and keeps those before the first that is not whole.
  private func keepShards() throws {
    let journal = folder.writing + "/shards"
    let text = exists(journal) ? String(decoding: try readFile(journal), as: UTF8.self) : ""
    let entries = text.split(separator: "\n").compactMap(Manifest.entry)
    let perShard = attributes.hasLabels ? 2 : 1
    while entries.count >= files.count + perShard {
      let next = Array(entries[files.count..<files.count + perShard])
      let expected = paths(ofShard: shardCount)
      guard next.map(\.path) == expected, next.allSatisfy(isWhole) else { break }
      files += next
      shardCount += 1
    }
    let lines = files.map { Manifest.line($0.digest, $0.path) }.joined()
    try writeFile([UInt8](lines.utf8), to: journal)
  }

  private func isWhole(_ file: (path: String, digest: FileDigest)) -> Bool {
    (try? OpenFile(folder.path + "/" + file.path).digest()) == file.digest
  }

  /// Keeps the records before the first volume that is torn or not wholly in kept shards.
  private func keepVolumes() throws {
    let path = folder.writing + "/volumes"
    let bytes = exists(path) ? try readFile(path, limit: 1 << 32) : []
    let size = SliceVolumeRecord.size(channels: attributes.channels)
    let slices = shardCount * attributes.slicesPerShard
    bytes.withUnsafeBytes { raw in
      for at in stride(from: 0, through: raw.count - size, by: size) {
        let record = UnsafeRawBufferPointer(rebasing: raw[at..<at + size])
        guard let volume = SliceVolumeRecord(RecordView(record), in: attributes),
          volume.firstSlice + volume.sliceCount <= slices
        else { break }
        volumes.append(volume)
        kept.insert("\(volume.id)/\(volume.lead)")
      }
    }
    try writeFile(volumes.flatMap(\.bytes), to: path)
  }

  /// Notes a volume before the first of its slices is written.
  func append(_ volume: SliceVolumeRecord) throws {
    volumes.append(volume)
    try append(volume.bytes, to: "volumes", syncing: false)
  }

  /// Notes a shard that is in place; the volumes in it become durable with it.
  func append(shard: Int, image: FileDigest, label: FileDigest?) throws {
    let new = Array(zip(paths(ofShard: shard), [image, label].compactMap { $0 }))
    try append([], to: "volumes", syncing: true)
    let lines = new.map { Manifest.line($0.1, $0.0) }.joined()
    try append([UInt8](lines.utf8), to: "shards", syncing: true)
    files += new.map { (path: $0.0, digest: $0.1) }
    shardCount += 1
  }

  private func paths(ofShard shard: Int) -> [String] {
    ["image/c/\(shard)/0/0/0"] + (attributes.hasLabels ? ["label/c/\(shard)/0/0"] : [])
  }

  private func append(_ bytes: [UInt8], to name: String, syncing: Bool) throws {
    let path = folder.writing + "/" + name
    func fail() -> ZarrError { .system(path: path, verb: "write", code: errno) }
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw fail() }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let done = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if done < 0 && errno == EINTR { continue }
      guard done > 0 else { throw fail() }
      rest = rest.dropFirst(done)
    }
    guard !syncing || fsync(descriptor) == 0 else { throw fail() }
  }
}
