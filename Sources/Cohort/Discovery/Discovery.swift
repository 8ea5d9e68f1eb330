/// A file that may hold an image.
package struct FoundFile: Sendable, Equatable {
  package var path: String
  /// The path below the folder that was given, or the file's name when it was given itself.
  package var relative: String
  package var size: Int
  /// Nanoseconds since 1970.
  package var modified: Int
  /// Device and number, where the file was met on a disk.
  var identity: FileIdentity?

  package init(path: String, relative: String, size: Int, modified: Int) {
    self.init(path: path, relative: relative, size: size, modified: modified, identity: nil)
  }

  init(path: String, relative: String, size: Int, modified: Int, identity: FileIdentity?) {
    (self.path, self.relative, self.size, self.modified) = (path, relative, size, modified)
    self.identity = identity
  }
}

/// Everything below the given paths, sorted into kinds by content: for what is small enough to be
/// held at once.
package struct Discovery {
  package var dicom: [FoundFile] = []
  var perhapsDICOM: [FoundFile] = []
  package var nifti: [FoundFile] = []
  /// Folders that hold a `dataset.json`.
  var datasets: [(folder: String, file: FoundFile)] = []
  package var refusals: [Refusal] = []
  /// Images of formats that are not read, by their names.
  var foreign: [FoundFile] = []
  /// Files of other kinds.
  package var others = 0
  package var files = 0

  private var seen: Set<FileIdentity> = []

  /// Looks through `paths`; the folder `excluding` is passed over. The same file under two names
  /// (two given paths, links) is one file.
  ///
  /// Throws when a given path is not there: that is a mistake of the caller, not a bad file.
  package init(_ paths: [String], excluding folder: String? = nil) throws {
    try Walk.through(paths, excluding: folder) { take($0) }
    dicom.sort(by: isBefore)
    perhapsDICOM.sort(by: isBefore)
    nifti.sort(by: isBefore)
  }

  private mutating func take(_ sighting: Sighting) {
    switch sighting {
    case .refused(let refusal): refusals.append(refusal)
    case .dataset(let folder, let file): if isNew(file) { datasets.append((folder, file)) }
    case .file(let file, let kind):
      guard isNew(file) else { return }
      switch kind {
      case .dicom: dicom.append(file)
      case .perhapsDICOM: perhapsDICOM.append(file)
      case .nifti: nifti.append(file)
      case .niftiVoxels: break
      case .archive:
        refusals.append(
          Refusal(
            .unsupported, .file, name: file.path,
            sentence: "only ingest looks into an archive of scans: unpack it and give its folder"))
      case .other: if Self.isForeign(file.path) { foreign.append(file) } else { others += 1 }
      }
    }
  }

  private static func isForeign(_ path: String) -> Bool {
    [".nrrd", ".nhdr", ".mha", ".mhd", ".mgz", ".mgh", ".mnc"].contains {
      path.lowercased().hasSuffix($0)
    }
  }

  private mutating func isNew(_ file: FoundFile) -> Bool {
    guard file.identity.map({ seen.insert($0).inserted }) ?? true else { return false }
    files += 1
    return true
  }
}

private func isBefore(_ a: FoundFile, _ b: FoundFile) -> Bool {
  a.path.utf8.lexicographicallyPrecedes(b.path.utf8)
}
