import Synchronization
import Zarr

/// A volume that is written, but not synced and in its place yet; given up, it leaves nothing.
public final class CohortDraft: Sendable {
  /// The volume's record as it is in the store.
  public let record: CohortVolume
  private let writer: CohortWriter
  private let isPlaced = Atomic(false)

  init(of record: CohortVolume, by writer: CohortWriter) {
    (self.record, self.writer) = (record, writer)
  }

  deinit {
    if !isPlaced.load(ordering: .relaxed) { try? deleteTree(path) }
  }

  var path: String { writer.folder.writing + "/" + record.id }

  /// Makes the volume durable and puts it into the store, in place of what it replaces. Drafts of
  /// different volumes may be placed by several threads at once.
  public func place() throws {
    let id = record.id
    try syncTree(path)
    try makeFolder(writer.path + "/volumes")
    let replaced = writer.folder.replaced + "/" + id
    if writer.contains(id) {
      try makeFolder(writer.folder.replaced)
      try writer.move(writer.folder(of: id), to: replaced)
    }
    try writer.move(path, to: writer.folder(of: id))
    isPlaced.store(true, ordering: .relaxed)
    try syncFolder(writer.path + "/volumes")
    try deleteTree(replaced)
  }
}
