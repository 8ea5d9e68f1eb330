import Foundation

/// A file that may hold an image.
package struct FoundFile: Sendable, Equatable {
  package var path: String
  /// The path below the folder that was given, or the file's name when it was given itself.
  package var relative: String
  package var size: Int
  /// Nanoseconds since 1970.
  package var modified: Int

  package init(path: String, relative: String, size: Int, modified: Int) {
    (self.path, self.relative, self.size, self.modified) = (path, relative, size, modified)
  }
}

/// Everything below the given paths, sorted into kinds by content.
///
/// Folders are read in the order of their names, links followed, and no folder twice.
package struct Discovery {
  package var dicom: [FoundFile] = []
  var perhapsDICOM: [FoundFile] = []
  package var nifti: [FoundFile] = []
  /// Folders that hold a `dataset.json`.
  var datasets: [(folder: String, file: FoundFile)] = []
  package var refusals: [Refusal] = []
  /// Files of other kinds.
  package var others = 0
  package var files = 0
  var bytes = 0

  private var folders: Set<FileIdentity> = []
  private var seen: Set<FileIdentity> = []
  private let excluded: FileIdentity?

  /// Looks through `paths`; the folder `excluding` is passed over.
  ///
  /// Throws when a given path is not there: that is a mistake of the caller, not a bad file.
  package init(_ paths: [String], excluding folder: String? = nil) throws {
    excluded = folder.flatMap { Self.status($0) }.map(FileIdentity.init)
    for path in paths {
      guard Self.status(path) != nil else { throw CohortError.missing(path: path) }
      let clean = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
      visit(clean, relative: "", parents: [])
    }
  }

  private mutating func visit(_ path: String, relative: String, parents: Set<FileIdentity>) {
    guard let status = Self.status(path) else {
      refusals.append(Refusal(.unreadable, .file, name: path, sentence: Self.reason()))
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: enter(path, relative, FileIdentity(status), parents)
    case S_IFREG: take(path, relative, status)
    default: refusals.append(Refusal(.specialFile, .file, name: path))
    }
  }

  private mutating func enter(
    _ path: String, _ relative: String, _ identity: FileIdentity, _ parents: Set<FileIdentity>
  ) {
    if identity == excluded { return }
    if parents.contains(identity) {
      refusals.append(Refusal(.symlinkLoop, .folder, name: path))
      return
    }
    guard folders.insert(identity).inserted else { return }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      refusals.append(Refusal(.unreadable, .folder, name: path, sentence: Self.reason()))
      return
    }
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      let below = relative.isEmpty ? name : relative + "/" + name
      visit(path + "/" + name, relative: below, parents: parents.union([identity]))
    }
  }

  private mutating func take(_ path: String, _ relative: String, _ status: stat) {
    // The same file under two names (two given paths, links) is one file.
    guard seen.insert(FileIdentity(status)).inserted else { return }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    files += 1
    bytes += Int(status.st_size)
    let file = FoundFile(
      path: path, relative: relative.isEmpty ? name : relative, size: Int(status.st_size),
      modified: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec)
    if name == "dataset.json" {
      datasets.append((String(path.dropLast("/dataset.json".count)), file))
      return
    }
    guard !name.hasPrefix("._"), let first = Self.first(path) else {
      if name.hasPrefix("._") {
        others += 1
      } else {
        refusals.append(Refusal(.unreadable, .file, name: path, sentence: Self.reason()))
      }
      return
    }
    switch Sniff(path: path, first: first) {
    case .dicom: dicom.append(file)
    case .perhapsDICOM: perhapsDICOM.append(file)
    case .nifti: nifti.append(file)
    case .niftiVoxels: break
    case .other: others += 1
    }
  }

  private static func first(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 352)
    let got = read(file, &bytes, bytes.count)
    return got < 0 ? nil : Array(bytes.prefix(got))
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private static func reason() -> String {
    "it cannot be read: " + String(cString: strerror(errno))
  }
}

/// A file by device and number, whatever its names.
struct FileIdentity: Hashable, Sendable {
  let device: UInt
  let number: UInt

  init(_ status: stat) {
    (device, number) = (UInt(status.st_dev), UInt(status.st_ino))
  }
}
