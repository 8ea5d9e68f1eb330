import Foundation

/// What an ingest writes beside a store. Where that lies among the scans, it is passed over by name: some of it
/// comes and goes while the folder is looked through.
package struct OwnFiles: Sendable {
  /// The folder that it lies in, and the names that it has there.
  let folder: FileIdentity
  let names: Set<String>

  /// Nil where the folder cannot be looked into. One that is still to be made is the store's own.
  package init?(of store: String) {
    let ledger = Ledger.path(of: store)
    var path = URL(fileURLWithPath: ledger)
    var names = Set(
      [store, ledger, ledger + "-journal", Archives.root(of: store)].map {
        URL(fileURLWithPath: $0).lastPathComponent
      })
    path.deleteLastPathComponent()
    var status = stat()
    while stat(path.path, &status) != 0 {
      guard errno == ENOENT, path.path != "/" else { return nil }
      names = [path.lastPathComponent]
      path.deleteLastPathComponent()
    }
    (folder, self.names) = (FileIdentity(status), names)
  }
}
