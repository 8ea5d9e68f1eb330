import Foundation
import NIfTI
import Zarr

/// A file's name as BIDS builds it: `sub-01_ses-a_label-GM_mask.nii.gz` has entities and a suffix.
struct BIDSName {
  var entities: [String: String] = [:]
  var suffix = ""

  /// Reads the name of a NIfTI or other file; nil unless it begins with a subject.
  init?(_ path: String) {
    let stem = NIfTIFile.base(fileName(of: path))
    for part in stem.split(separator: "_") {
      let pair = part.split(separator: "-", maxSplits: 1).map(String.init)
      if pair.count == 2 { entities[pair[0]] = pair[1] } else { suffix = String(part) }
    }
    guard stem.hasPrefix("sub-"), entities["sub"] != nil else { return nil }
  }

  /// Whether it is a mask among derivatives: classes, or one structure.
  static func isMask(_ path: String) -> Bool {
    guard let suffix = BIDSName(path)?.suffix else { return false }
    return suffix == "dseg" || suffix == "mask"
  }

  /// Whether it is no image for sure: a mask, or the probabilities of one.
  static func isDerived(_ path: String) -> Bool {
    isMask(path) || BIDSName(path)?.suffix == "probseg"
  }

  /// How many entities both have with one value; nil when one that both have differs, or when they
  /// are of different subjects or sessions.
  func agreement(with other: BIDSName) -> Int? {
    guard entities["sub"] == other.entities["sub"], entities["ses"] == other.entities["ses"] else {
      return nil
    }
    var shared = 0
    for (key, value) in entities {
      guard let theirs = other.entities[key] else { continue }
      guard theirs == value else { return nil }
      shared += 1
    }
    return shared
  }

  /// What a mask's image is called: its `label`, else its `desc`.
  var maskName: String { entities["label"] ?? entities["desc"] ?? "" }
}

/// A folder `segmentations` beside an image, with a mask a structure: TotalSegmentator's data set.
enum SegmentationsFolder {
  /// Whether a file is a mask by the folder that it lies in.
  static func holds(_ path: String) -> Bool {
    fileName(of: (path as NSString).deletingLastPathComponent) == "segmentations"
  }

  /// The folder in which a mask's image lies.
  static func subject(of mask: String) -> String {
    ((mask as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
  }
}

/// Names of classes that BIDS keeps in a table beside a `dseg`, or in a folder above it.
struct SegmentationTables {
  private var listed: [String: [String]] = [:]

  /// The names of a mask's classes: from the table of its own name, else from the nearest one above
  /// whose entities it has (BIDS's inheritance principle).
  mutating func names(of mask: String) -> [Int: String]? {
    guard let name = BIDSName(mask) else { return nil }
    var folder = (mask as NSString).deletingLastPathComponent
    for _ in 0..<5 {
      for file in tables(in: folder) where Self.fits(file, name) {
        if let names = Self.read(folder + "/" + file) { return names }
      }
      let above = (folder as NSString).deletingLastPathComponent
      guard above != folder, !above.isEmpty else { break }
      folder = above
    }
    return nil
  }

  /// The longest names first: they say most.
  private mutating func tables(in folder: String) -> [String] {
    if let known = listed[folder] { return known }
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let tables = all.filter { $0 == "dseg.tsv" || $0.hasSuffix("_dseg.tsv") }
      .sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    listed[folder] = tables
    return tables
  }

  private static func fits(_ file: String, _ mask: BIDSName) -> Bool {
    let parts = file.dropLast("dseg.tsv".count).split(separator: "_")
    return parts.allSatisfy { part in
      let pair = part.split(separator: "-", maxSplits: 1).map(String.init)
      return pair.count == 2 && mask.entities[pair[0]] == pair[1]
    }
  }

  private static func read(_ path: String) -> [Int: String]? {
    guard let data = FileManager.default.contents(atPath: path), data.count <= 64 << 20 else {
      return nil
    }
    let rows = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    guard let head = rows.first, let index = head.firstIndex(of: "index"),
      let name = head.firstIndex(of: "name")
    else { return nil }
    var names: [Int: String] = [:]
    for row in rows.dropFirst() where row.count > max(index, name) {
      if let number = Int(row[index]), (0...65_535).contains(number) { names[number] = row[name] }
    }
    return names.isEmpty ? nil : names
  }
}
