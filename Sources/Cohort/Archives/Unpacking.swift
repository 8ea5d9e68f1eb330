import CArchive
import Foundation

/// How far an archive has come.
enum UnpackAnswer: Codable {
  /// So many entries were looked at: a sign of life.
  case at(entries: Int)
  /// An entry that was left out.
  case left(name: String, Fault)
  case done(files: Int)
  case refused(Fault)
}

/// Unpacks one archive into a folder of its own, under the limits of ``WorkerLimits``: nothing lands
/// outside of it, no link is made, and what comes out is bounded by what went in.
struct Unpacking {
  let path: String
  let folder: String
  let limits: WorkerLimits
  /// Tells the parent; false when it is gone.
  let tell: (UnpackAnswer) -> Bool

  private var entries = 0
  private var files = 0
  private var bytes = 0
  private var most = 0
  private var modified = timespec()

  init(
    _ path: String, into folder: String, _ limits: WorkerLimits,
    tell: @escaping (UnpackAnswer) -> Bool
  ) {
    (self.path, self.folder, self.limits, self.tell) = (path, folder, limits, tell)
  }

  /// Unpacks; returns how many files there are now.
  mutating func run() throws(Fault) -> Int {
    var status = stat()
    guard stat(path, &status) == 0, let archive = carchive_open(path) else {
      throw Fault(.damaged, "it is no archive that can be opened")
    }
    defer { carchive_close(archive) }
    // Entries get the archive's own time: whoever made it may have known whose birthday it was.
    modified = status.st_mtim
    let (ratio, overflow) = Int(status.st_size).multipliedReportingOverflow(by: limits.archiveRatio)
    most = min(overflow ? .max : max(ratio, 1 << 20), limits.archiveBytes)
    while true {
      switch carchive_next(archive) {
      case 0: return files
      case 1: try take(archive)
      default: throw Fault(.damaged, "its entries cannot be read to the end")
      }
    }
  }

  private mutating func take(_ archive: OpaquePointer) throws(Fault) {
    entries += 1
    guard entries <= limits.archiveEntries else {
      throw Fault(.limit, "it has more than \(limits.archiveEntries) entries (archiveEntries)")
    }
    if entries % 64 == 0 { guard tell(.at(entries: entries)) else { exit(0) } }
    let name = String(cString: carchive_name(archive))
    func leave(_ reason: String) {
      _ = tell(.left(name: String(name.prefix(300)), Fault(.archiveEntry, reason)))
    }
    switch carchive_kind_of(archive) {
    case CARCHIVE_FOLDER: return
    case CARCHIVE_LINK: return leave("a link in an archive is not followed")
    case CARCHIVE_SPECIAL: return leave("a device or pipe in an archive is not made")
    case CARCHIVE_ENCRYPTED: throw Fault(.unsupported, "an encrypted archive")
    default: break
    }
    guard let parts = Self.parts(of: name) else {
      return leave("its name leads out of the archive, or is too long")
    }
    guard let file = create(parts) else {
      guard errno != ENOSPC else { throw Fault(.workerLimit, "no space is left to unpack it") }
      return leave("another entry has its name")
    }
    defer { close(file) }
    try copy(archive, to: file)
    files += 1
  }

  /// The parts of a name that stays inside; nil for one that does not.
  static func parts(of name: String) -> [String]? {
    let parts = name.split(separator: "/").filter { $0 != "." }.map(String.init)
    guard !name.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), name.utf8.count <= 2048,
      parts.allSatisfy({ $0.utf8.count <= 255 })
    else { return nil }
    return parts
  }

  /// A new file, and the folders above it; nil when there is something of that name.
  private func create(_ parts: [String]) -> Int32? {
    var at = folder
    for part in parts.dropLast() {
      at += "/" + part
      guard mkdir(at, 0o700) == 0 || errno == EEXIST else { return nil }
    }
    let file = open(
      at + "/" + parts[parts.count - 1], O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
      0o600)
    return file >= 0 ? file : nil
  }

  private mutating func copy(_ archive: OpaquePointer, to file: Int32) throws(Fault) {
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    var since = 0
    while true {
      let got = Int(carchive_read(archive, &piece, piece.count))
      guard got >= 0 else { throw Fault(.damaged, "an entry of it is damaged") }
      guard got > 0 else { break }
      (bytes, since) = (bytes + got, since + got)
      guard bytes <= most else {
        throw Fault(
          .limit, "it unpacks to more than \(most) bytes (archiveRatio, archiveBytes)")
      }
      var put = 0
      while put < got {
        let written = piece.withUnsafeBytes { write(file, $0.baseAddress! + put, got - put) }
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { throw Fault(.workerLimit, "it cannot be unpacked: disk full?") }
        put += written
      }
      if since > 64 << 20 {
        guard tell(.at(entries: entries)) else { exit(0) }
        since = 0
      }
    }
    let times = [modified, modified]
    futimens(file, times)
  }
}
