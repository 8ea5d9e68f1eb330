import Foundation
import Zarr

extension CohortWriter {
  /// Copies a volume of a finished store as it is, every file checked against the manifest on its
  /// way. Nothing is done when this store has the same volume.
  ///
  /// Throws `duplicate` when it has another one of that name, and Zarr's own error for a file that is
  /// damaged.
  public func adopt(_ id: String, from store: CohortStore) throws {
    let source = store.folder(of: id)
    let manifest = try Manifest(path: source + "/manifest")
    if contains(id) {
      guard try Manifest(path: folder(of: id) + "/manifest") == manifest else {
        throw StoreError.duplicate(path: path, volume: id)
      }
      return
    }
    try checkName(id)
    try folder.reopen()
    let draft = folder.writing + "/" + id
    try deleteTree(draft)
    for file in manifest.files {
      try makeFolder((draft + "/" + file.path as NSString).deletingLastPathComponent)
      try copy(source + "/" + file.path, to: draft + "/" + file.path, expecting: file.digest)
    }
    try writeFile(manifest.text, to: draft + "/manifest", syncing: false)
    try syncTree(draft)
    try makeFolder(path + "/volumes")
    guard rename(draft, folder(of: id)) == 0 else {
      throw ZarrError.system(path: draft, verb: "rename", code: errno)
    }
    try syncFolder(path + "/volumes")
  }

  private func copy(_ source: String, to target: String, expecting digest: FileDigest) throws {
    let file = try OpenFile(source)
    let writer = try DurableFile(target)
    var at = 0
    while at < file.size {
      let piece = try file.read(at: at, count: min(4 << 20, file.size - at))
      try writer.write(piece)
      at += piece.count
    }
    guard try writer.commit(syncing: false) == digest else {
      throw StoreError.damaged(path: source, reason: "its crc32c is not that of the manifest")
    }
  }
}

extension CohortStore {
  /// A short name for what a volume's folder holds: equal volumes, equal names.
  public func digest(of id: String) throws -> String {
    try Manifest(path: folder(of: id) + "/manifest").digest
  }
}
