extension NIfTIFile {
  /// Whether the name ends as a NIfTI file's does.
  public static func hasName(_ path: String) -> Bool { ending(path) != nil }

  /// The file's name without folder and ending: what images and masks are matched by.
  public static func stem(_ path: String) -> String {
    let name = split(path).name
    return String(name.dropLast(ending(name)?.count ?? 0))
  }

  /// The path without its ending, a NIfTI file's or any: what a file beside it is called by.
  public static func base(_ path: String) -> String {
    let name = split(path).name
    let other = name.lastIndex(of: ".").map { name[$0...].count }
    return String(path.dropLast(ending(name)?.count ?? other ?? 0))
  }

  /// What the other file of a pair may be called: the `.img` of a `.hdr` and the other way round,
  /// gzipped or not; nil for a name that is not one of a pair.
  public static func partners(of path: String) -> [String]? {
    let other = isHeader(path) ? ".img" : ".hdr"
    guard isHeader(path) || isVoxels(path) else { return nil }
    return [other, other + ".gz"].map { base(path) + $0 }
  }

  /// Whether the name is that of a pair's header.
  public static func isHeader(_ path: String) -> Bool { ending(path)?.hasPrefix(".hdr") ?? false }

  /// Whether the name is that of a pair's voxels.
  public static func isVoxels(_ path: String) -> Bool { ending(path)?.hasPrefix(".img") ?? false }

  private static func ending(_ path: String) -> String? {
    // Of a million files most are called otherwise.
    guard let last = path.utf8.last, "irgzIRGZ".utf8.contains(last) else { return nil }
    let lower = path.lowercased()
    return [".nii.gz", ".nii", ".hdr", ".img", ".hdr.gz", ".img.gz"].first(where: lower.hasSuffix)
  }
}

/// A path's folder and what follows its last slash.
func split(_ path: String) -> (folder: String, name: String) {
  guard let slash = path.lastIndex(of: "/") else { return (".", path) }
  let folder = path[..<slash]
  return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
}
