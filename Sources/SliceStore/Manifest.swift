import Zarr

/// The files of a store with their digests: one line a file, `crc32c size path`, sorted by path,
/// and a last line with the digest of all lines before it and a dot for a path.
///
/// A missing shard reads as zeros in every Zarr reader, so what must be there is written down.
public struct Manifest: Sendable, Equatable {
  /// Each file's path below the manifest's folder, and what it must hold.
  public private(set) var files: [(path: String, digest: FileDigest)]

  /// Sorts the entries.
  public init(_ files: [(path: String, digest: FileDigest)]) {
    self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// The text.
  public var text: [UInt8] {
    let body = [UInt8](files.map { Self.line($0.digest, $0.path) }.joined().utf8)
    return body + [UInt8](Self.line(FileDigest(of: body), ".").utf8)
  }

  /// A short name for what the store holds: equal stores, equal names.
  public var digest: String {
    let sum = FileDigest(of: text)
    return Self.hex(sum.crc) + "-\(sum.size)"
  }

  /// The digest of the store whose manifest is at `path`, checked against its last line alone.
  static func digest(at path: String) throws -> String {
    let bytes = try readFile(path, limit: 1 << 30)
    let end = bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let last = entry(Substring(String(decoding: bytes[end...].dropLast(), as: UTF8.self)))
    guard bytes.last == UInt8(ascii: "\n"), let last, last.path == ".",
      last.digest == FileDigest(of: bytes[..<end])
    else { throw StoreError.damaged(path: path, reason: "its last line does not match the others") }
    let sum = FileDigest(of: bytes)
    return hex(sum.crc) + "-\(sum.size)"
  }

  /// Reads a manifest and checks it against its own last line.
  public init(path: String) throws {
    let bytes = try readFile(path, limit: 1 << 30)
    func damaged(_ reason: String) -> StoreError { .damaged(path: path, reason: reason) }
    guard let text = String(validating: bytes, as: UTF8.self), text.hasSuffix("\n") else {
      throw damaged("not text, or cut short")
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    let last = lines.popLast().flatMap(Self.entry)
    let body = [UInt8](lines.map { $0 + "\n" }.joined().utf8)
    guard let last, last.path == ".", last.digest == FileDigest(of: body) else {
      throw damaged("its last line does not match the others")
    }
    files = try lines.map { line in
      guard let entry = Self.entry(line), Self.isBelow(entry.path) else {
        throw damaged("a line that names no file")
      }
      return entry
    }
  }

  /// Equal lines, in the same order.
  public static func == (a: Manifest, b: Manifest) -> Bool { a.text == b.text }

  package static func line(_ digest: FileDigest, _ path: String) -> String {
    "\(hex(digest.crc)) \(digest.size) \(path)\n"
  }

  package static func entry(_ line: Substring) -> (path: String, digest: FileDigest)? {
    let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count == 3, words[0].count == 8, let crc = UInt32(words[0], radix: 16),
      let size = Int(words[1]), size >= 0, !words[2].isEmpty
    else { return nil }
    return (String(words[2]), FileDigest(crc: crc, size: size))
  }

  private static func isBelow(_ path: String) -> Bool {
    !path.split(separator: "/", omittingEmptySubsequences: false)
      .contains { $0.isEmpty || $0 == "." || $0 == ".." }
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
