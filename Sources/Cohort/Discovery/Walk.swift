import Foundation
import Zarr

/// What a walk through folders comes upon.
package enum Sighting {
  /// A file, and what its first bytes say that it is.
  case file(FoundFile, Sniff)
  /// A folder that holds a `dataset.json`, and that file.
  case dataset(folder: String, file: FoundFile)
  case refused(Refusal)
}

/// Goes through everything below some paths, links followed and no folder twice, and holds nothing
/// but the names of the folders that it is still to enter: a folder of a million files costs no
/// more memory than one of ten.
///
/// Files come in the order of the file system, folders in that of their names.
package struct Walk {
  private var folders: Set<FileIdentity> = []
  private let excluded: FileIdentity?
  private let each: (Sighting) throws -> Void

  /// Looks through `paths`; the folder `excluding` is passed over.
  ///
  /// Throws when a given path is not there: that is a mistake of the caller, not a bad file.
  package static func through(
    _ paths: [String], excluding folder: String? = nil, each: (Sighting) throws -> Void
  ) throws {
    try withoutActuallyEscaping(each) { each in
      var walk = Walk(
        excluded: folder.flatMap { status($0) }.map(FileIdentity.init), each: each)
      for path in paths {
        guard status(path) != nil else { throw CohortError.missing(path: path) }
        let clean = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        try walk.visit(clean, relative: "", parents: [])
      }
    }
  }

  private init(excluded: FileIdentity?, each: @escaping (Sighting) throws -> Void) {
    (self.excluded, self.each) = (excluded, each)
  }

  private mutating func visit(
    _ path: String, relative: String, parents: Set<FileIdentity>
  ) throws {
    guard let status = Self.status(path) else {
      return try refuse(.unreadable, .file, path, Self.reason())
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      try enter(path, relative, FileIdentity(status), parents)
    } else {
      try meet(path, relative, status)
    }
  }

  /// Files at once, the folders below when this one is closed again.
  private mutating func enter(
    _ path: String, _ relative: String, _ identity: FileIdentity, _ parents: Set<FileIdentity>
  ) throws {
    if identity == excluded { return }
    if parents.contains(identity) { return try refuse(.symlinkLoop, .folder, path) }
    guard folders.insert(identity).inserted else { return }
    guard let stream = opendir(path) else {
      return try refuse(.unreadable, .folder, path, Self.reason())
    }
    var below: [String] = []
    do {
      defer { closedir(stream) }
      for name in Names(stream) {
        let inside = path + "/" + name
        guard let status = Self.status(inside) else {
          try refuse(.unreadable, .file, inside, Self.reason())
          continue
        }
        if status.st_mode & S_IFMT == S_IFDIR {
          below.append(name)
        } else {
          try meet(inside, relative.isEmpty ? name : relative + "/" + name, status)
        }
      }
    }
    let own = parents.union([identity])
    for name in below.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      try visit(
        path + "/" + name, relative: relative.isEmpty ? name : relative + "/" + name, parents: own)
    }
  }

  private func meet(_ path: String, _ relative: String, _ status: stat) throws {
    guard status.st_mode & S_IFMT == S_IFREG else {
      return try refuse(.specialFile, .file, path)
    }
    let name = fileName(of: path)
    let file = FoundFile(
      path: path, relative: relative.isEmpty ? name : relative, size: Int(status.st_size),
      modified: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec,
      identity: FileIdentity(status))
    if name == "dataset.json" {
      try each(.dataset(folder: String(path.dropLast("/dataset.json".count)), file: file))
    } else if name.hasPrefix("._") {
      try each(.file(file, .other))
    } else if let first = Self.first(path) {
      try each(.file(file, Sniff(path: path, first: first)))
    } else {
      try refuse(.unreadable, .file, path, Self.reason())
    }
  }

  private func refuse(
    _ code: RefusalCode, _ subject: Refusal.Subject, _ path: String, _ sentence: String? = nil
  ) throws {
    try each(.refused(Refusal(code, subject, name: path, sentence: sentence)))
  }

  private static func first(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var got = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: 352) { room, count in
      got = read(file, room.baseAddress, room.count)
      count = max(0, got)
    }
    return got < 0 ? nil : bytes
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private static func reason() -> String {
    "it cannot be read: " + String(cString: strerror(errno))
  }
}

/// The names in a folder, some thousand at a time in their order: what follows one another in the
/// ledger is then near on the disk as well.
private struct Names: Sequence, IteratorProtocol {
  private let stream: OpaquePointer
  private var sorted: [String] = []
  private static let atOnce = 8192

  init(_ stream: OpaquePointer) { self.stream = stream }

  mutating func next() -> String? {
    if sorted.isEmpty { fill() }
    return sorted.popLast()
  }

  /// Sorts backwards, since names are taken from the end.
  private mutating func fill() {
    while sorted.count < Self.atOnce, let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { sorted.append(name) }
    }
    sorted.sort { strcmp($1, $0) < 0 }
  }
}

/// A file by device and number, whatever its names.
package struct FileIdentity: Hashable, Sendable {
  let device, number: UInt

  init(_ status: stat) {
    (device, number) = (UInt(status.st_dev), UInt(status.st_ino))
  }
}
