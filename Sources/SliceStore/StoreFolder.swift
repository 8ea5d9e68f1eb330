import Foundation
import Synchronization
import Zarr

/// The folder of a store while it is written: one writer at a time, and leftovers cleared away.
package final class StoreFolder: Sendable {
  let path: String
  private let reopening = Mutex(())
  private let descriptor: Int32

  /// Makes the folder and locks it; the lock ends with the process, however that ends.
  package init(_ path: String) throws {
    self.path = path
    try makeFolder(path)
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ZarrError.system(path: path, verb: "open", code: errno)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw StoreError.busy(path: path) }
  }

  // Also when the initializer throws with all properties set: closed there too, the number may by then
  // be another thread's file. The lock is let go by itself: a process that is just being started has a copy of the
  // descriptor, which keeps the lock until it runs its own program.
  deinit {
    guard descriptor >= 0 else { return }
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Where unfinished things lie.
  var writing: String { path + "/.writing" }
  /// Where volumes lie whose successors are being put in their place.
  var replaced: String { path + "/.replaced" }
  /// The group's metadata, there only when the store is finished.
  var metadata: String { path + "/zarr.json" }
  var isComplete: Bool { exists(metadata) }

  /// Says that the store is not finished any more.
  func reopen() throws {
    try reopening.withLock { _ in
      guard isComplete else { return }
      try deleteTree(metadata)
      try syncFolder(path)
    }
  }
}

func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Removes a file or a folder with all it holds; nothing there is fine.
func deleteTree(_ path: String) throws {
  guard exists(path) else { return }
  do {
    try FileManager.default.removeItem(atPath: path)
  } catch {
    throw ZarrError.system(path: path, verb: "remove", code: errno)
  }
}

/// Names in a folder, sorted, hidden ones left out; none when there is no such folder.
func names(in folder: String) -> [String] {
  let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return all.filter { !$0.hasPrefix(".") }
    .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Every plain file below a folder, as sorted paths relative to it.
func files(below folder: String) -> [String] {
  var found: [String] = []
  let walk = FileManager.default.enumerator(atPath: folder)
  while let path = walk?.nextObject() as? String {
    var status = stat()
    if lstat(folder + "/" + path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      found.append(path)
    }
  }
  return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Throws unless `name` can be a node of a Zarr hierarchy and fits into a record of 32 bytes.
func checkName(_ name: String) throws {
  let allowed = name.utf8.allSatisfy { byte in
    (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
      || byte == 45 || byte == 46 || byte == 95
  }
  guard allowed, (1...32).contains(name.utf8.count), !name.hasPrefix("."), !name.hasPrefix("__")
  else { throw StoreError.name(name) }
}

/// The document of a Zarr v3 group.
func groupDocument(_ attributes: [String: JSON]) -> [UInt8] {
  let document: JSON = [
    "attributes": .object(attributes), "node_type": "group", "zarr_format": 3,
  ]
  return document.text
}
