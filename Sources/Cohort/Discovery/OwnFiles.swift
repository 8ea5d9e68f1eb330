import Foundation
import SliceStore

/// What an ingest writes. Where that lies among the scans, it is passed over by name: some of it comes and goes
/// while the folder is looked through.
package struct OwnFiles: Sendable {
  /// The names that it has in each folder.
  private var names: [FileIdentity: Set<String>] = [:]

  /// What a store has, and what lies beside it; all of a folder that is still to be made.
  package init(of store: String) {
    let ledger = Ledger.path(of: store)
    add([ledger, ledger + "-journal", Archives.root(of: store)])
    let inStore = CohortWriter.entries + [StoreReport.name]
    add(inStore.flatMap { [store + "/" + $0, store + "/.\($0).tmp"] })
  }

  /// Whether a path is one of them; not what leads there by a link.
  func holds(_ path: String) -> Bool {
    let url = URL(fileURLWithPath: path)
    guard let folder = Self.identity(url.deletingLastPathComponent()) else { return false }
    return names(in: folder).contains(url.lastPathComponent)
  }

  /// The names that are passed over in a folder.
  func names(in folder: FileIdentity) -> Set<String> { names[folder] ?? [] }

  private mutating func add(_ paths: [String]) {
    for path in paths {
      var url = URL(fileURLWithPath: path)
      var name: String
      var folder: FileIdentity?
      repeat {
        name = url.lastPathComponent
        url.deleteLastPathComponent()
        folder = Self.identity(url)
      } while folder == nil && errno == ENOENT && url.path != "/"
      if let folder { names[folder, default: []].insert(name) }
    }
  }

  private static func identity(_ url: URL) -> FileIdentity? {
    var status = stat()
    return stat(url.path, &status) == 0 ? FileIdentity(status) : nil
  }
}
