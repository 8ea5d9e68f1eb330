import Foundation
import Synchronization
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
  private let own: OwnFiles?
  private let threads: Int
  private let each: (Sighting) throws -> Void

  /// Looks through `paths`, on so many threads; the folder `excluding` is passed over, and what is `own`.
  /// `each` is called by one at a time.
  ///
  /// Throws when a given path is not there: that is a mistake of the caller, not a bad file.
  package static func through(
    _ paths: [String], excluding folder: String? = nil, own: OwnFiles? = nil, threads: Int = 1,
    each: (Sighting) throws -> Void
  ) throws {
    try withoutActuallyEscaping(each) { each in
      var walk = Walk(
        excluded: folder.flatMap { status($0) }.map(FileIdentity.init), own: own, threads: threads,
        each: each)
      for path in paths {
        guard status(path) != nil else { throw CohortError.missing(path: path) }
        let clean = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        if let own, own.holds(clean) { continue }
        try walk.visit(clean, relative: "", parents: [])
      }
    }
  }

  private init(
    excluded: FileIdentity?, own: OwnFiles?, threads: Int, each: @escaping (Sighting) throws -> Void
  ) {
    (self.excluded, self.own, self.threads, self.each) = (excluded, own, threads, each)
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
      try each(Self.sighting(path, relative, status))
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
    let passedOver = own?.names(in: identity) ?? []
    var below: [String] = []
    do {
      defer { closedir(stream) }
      for var names in Names(stream) {
        if !passedOver.isEmpty { names.removeAll(where: passedOver.contains) }
        for (name, met) in zip(names, meet(names, in: path, relative)) {
          if let met { try each(met) } else { below.append(name) }
        }
      }
    }
    let own = parents.union([identity])
    for name in below.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      try visit(
        path + "/" + name, relative: relative.isEmpty ? name : relative + "/" + name, parents: own)
    }
  }

  /// What names in a folder lead to, nil for a folder: looked at by several threads where there are
  /// any, since most of the time goes by in the system.
  private func meet(_ names: [String], in folder: String, _ relative: String) -> [Sighting?] {
    let one = { @Sendable (name: String) in
      Self.sighting(of: name, in: folder, relative.isEmpty ? name : relative + "/" + name)
    }
    guard threads > 1, names.count > Self.share else { return names.map(one) }
    let next = Atomic(0)
    var met = [Sighting?](repeating: nil, count: names.count)
    met.withUnsafeMutableBufferPointer { target in
      nonisolated(unsafe) let target = target  // each place is one thread's
      concurrently(threads) { _ in
        while true {
          let start = next.add(Self.share, ordering: .relaxed).oldValue
          guard start < names.count else { return }
          for i in start..<min(start + Self.share, names.count) { target[i] = one(names[i]) }
        }
      }
    }
    return met
  }

  /// Names that a thread takes at a time.
  private static let share = 32

  private static func sighting(
    of name: String, in folder: String, _ relative: String
  ) -> Sighting? {
    let path = folder + "/" + name
    guard let status = status(path) else {
      return .refused(Refusal(.unreadable, .file, name: path, sentence: reason()))
    }
    return status.st_mode & S_IFMT == S_IFDIR ? nil : sighting(path, relative, status)
  }

  /// More no file has, but one full of holes may say any number, and numbers of bytes are added up.
  private static let largest = 16 << 40

  private static func sighting(_ path: String, _ relative: String, _ status: stat) -> Sighting {
    guard status.st_mode & S_IFMT == S_IFREG else {
      return .refused(Refusal(.specialFile, .file, name: path))
    }
    guard status.st_size <= largest else {
      return .refused(
        Refusal(
          .limit, .file, name: path,
          sentence: "it claims to have \(status.st_size) bytes, of at most \(largest)"))
    }
    let name = fileName(of: path)
    let file = FoundFile(
      path: path, relative: relative.isEmpty ? name : relative, size: Int(status.st_size),
      modified: status.modified, identity: FileIdentity(status))
    if name == "dataset.json" {
      return .dataset(folder: String(path.dropLast("/dataset.json".count)), file: file)
    }
    // A ledger is not opened: closed again, it would lose the locks that SQLite has of it in this process.
    if name.hasPrefix("._") || name.contains(Ledger.suffix) { return .file(file, .other) }
    if let first = first(path) { return .file(file, Sniff(path: path, first: first)) }
    return .refused(Refusal(.unreadable, .file, name: path, sentence: reason()))
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

/// The names in a folder, some hundred at a time, some thousand of them in their order: what follows
/// one another in the ledger is then near on the disk as well.
private struct Names: Sequence, IteratorProtocol {
  private let stream: OpaquePointer
  private var sorted: ArraySlice<String> = []
  private static let (sortedAtOnce, atOnce) = (8192, 512)

  init(_ stream: OpaquePointer) { self.stream = stream }

  mutating func next() -> [String]? {
    if sorted.isEmpty { fill() }
    defer { sorted = sorted.dropFirst(Self.atOnce) }
    return sorted.isEmpty ? nil : Array(sorted.prefix(Self.atOnce))
  }

  private mutating func fill() {
    var names: [String] = []
    while names.count < Self.sortedAtOnce, let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    sorted = names.sorted()[...]
  }
}

extension stat {
  /// When the file was changed, in nanoseconds since 1970. Whoever wrote it may have said any year: behind
  /// 2262 the number begins anew, since it only tells one state of a file from another.
  var modified: Int { st_mtim.tv_sec &* 1_000_000_000 &+ st_mtim.tv_nsec }
}

/// A file by device and number, whatever its names.
package struct FileIdentity: Hashable, Sendable {
  let device, number: UInt

  init(_ status: stat) {
    (device, number) = (UInt(status.st_dev), UInt(status.st_ino))
  }
}
