import Foundation

/// What an ingest writes. Where that lies among the scans, it is passed over by name: some of it comes and goes
/// while the folder is looked through.
package struct OwnFiles: Sendable {
  /// The names that it has in each folder.
  private var names: [FileIdentity: Set<String>] = [:]

  /// What a store has, and what lies beside it; all of a folder that is still to be made.
  package init(of store: String) {
    let ledger = Ledger.path(of: store)
    add([ledger, ledger + "-journal", Archives.root(of: store)])
    add(Self.inStore.map { store + "/" + $0 })
  }

  /// Whether a path is one of them; not what leads there by a link.
  func holds(_ path: String) -> Bool {
    let url = URL(fileURLWithPath: path)
    guard let folder = Self.identity(url.deletingLastPathComponent()) else { return false }
    return holds(url.lastPathComponent, in: folder)
  }

  func holds(_ name: String, in folder: FileIdentity) -> Bool {
    names[folder]?.contains(name) ?? false
  }

  private static let inStore =
    ["volumes", ".writing", ".replaced"]
    + ["zarr.json", "manifest", "slices.index", "report.json"].flatMap { [$0, ".\($0).tmp"] }

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
