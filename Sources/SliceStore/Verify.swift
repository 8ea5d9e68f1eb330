import Zarr

/// What ``verify(_:)`` read and what it found wrong.
public struct VerifyReport: Sendable, Codable, Equatable {
  /// One thing that is wrong, with the file it is wrong with.
  public struct Problem: Sendable, Codable, Equatable {
    /// The file, below the store.
    public var path: String
    /// What is wrong with it: a short phrase.
    public var what: String
  }

  /// `cohort` or `slices`.
  public var kind: String
  /// Files that were read back.
  public var files = 0
  /// Chunks that were unpacked.
  public var chunks = 0
  /// Bytes of sound files.
  public var bytes = 0
  /// Everything that is wrong, by path.
  public var problems: [Problem] = []
  /// Whether nothing is.
  public var isSound: Bool { problems.isEmpty }
}

/// Reads a whole store back: every entry of its manifests, every checksum of every chunk.
///
/// Finds files that are missing, cut short, changed or that nobody put there, by name. Throws only
/// when there is no store at `path` at all; everything else is in the report.
public func verify(_ path: String) throws -> VerifyReport {
  guard exists(path + "/manifest") || exists(path + "/zarr.json") else {
    throw StoreError.incomplete(path: path)
  }
  let kind = (try? storeKind(path)) ?? (exists(path + "/volumes") ? "cohort" : "slices")
  let check = StoreCheck(root: path, report: VerifyReport(kind: kind))
  check.store()
  check.report.problems.sort { ($0.path, $0.what) < ($1.path, $1.what) }
  return check.report
}

private final class StoreCheck {
  let root: String
  var report: VerifyReport
  /// Every file that a manifest names, and the manifests themselves.
  var named: Set<String> = []

  init(root: String, report: VerifyReport) { (self.root, self.report) = (root, report) }

  func store() {
    manifest(in: "")
    // The report of an ingest is written anew by each one and has no part in what is sealed.
    for path in files(below: root) where !named.contains(path) && path != "report.json" {
      note(path, "is in no manifest")
    }
    if report.problems.isEmpty { reopen() }
  }

  /// Checks the files that the manifest of a folder names, those of its volumes included.
  private func manifest(in folder: String) {
    let path = folder + "manifest"
    named.insert(path)
    guard let manifest = attempt(path, { try Manifest(path: root + "/" + path) }) else { return }
    for file in manifest.files {
      named.insert(folder + file.path)
      check(folder + file.path, digest: file.digest)
      if file.path.hasSuffix("/manifest") {
        self.manifest(in: String(file.path.dropLast("manifest".count)))
      }
    }
    for file in manifest.files where file.path.hasSuffix("zarr.json") {
      array(folder + file.path.dropLast("zarr.json".count), among: manifest)
    }
  }

  private func check(_ path: String, digest: FileDigest) {
    report.files += 1
    attempt(path) {
      let file = try OpenFile(root + "/" + path)
      guard file.size == digest.size else {
        throw ZarrError.corrupt(path: path, reason: "\(file.size) bytes instead of \(digest.size)")
      }
      guard try file.digest() == digest else {
        throw ZarrError.corrupt(path: path, reason: "its crc32c is not the manifest's")
      }
      report.bytes += file.size
    }
  }

  /// Unpacks every chunk of the array in a folder; a group is passed over.
  private func array(_ folder: String, among manifest: Manifest) {
    guard let document = try? JSON(text: readFile("\(root)/\(folder)zarr.json"), path: folder),
      document["node_type"]?.string == "array"
    else { return }
    let path = "\(root)/\(folder)".dropLast()
    guard let reader = attempt(folder + "zarr.json", { try ArrayReader(String(path)) }) else {
      return
    }
    var buffer = [UInt8](repeating: 0, count: reader.metadata.chunkBytes)
    for shard in 0..<reader.metadata.shardGrid.reduce(1, *) {
      let place = reader.metadata.shard(at: shard)
      chunks(of: folder + reader.metadata.key(ofShard: place), place, reader, &buffer)
    }
  }

  private func chunks(
    of path: String, _ shard: [Int], _ reader: ArrayReader, _ buffer: inout [UInt8]
  ) {
    guard named.contains(path) else { return note(path, "belongs to the array, is in no manifest") }
    // A file that is missing or short has been noted already.
    guard let (file, index) = try? reader.open(shard: shard) else { return }
    for (chunk, range) in index.places.enumerated() {
      guard let range else { continue }
      report.chunks += 1
      attempt(path) {
        try buffer.withUnsafeMutableBytes {
          try file.read(range, codec: reader.metadata.codec, chunk: "\(chunk)", into: $0)
        }
      }
    }
  }

  /// Opens the store as its readers do, for what only they compare.
  private func reopen() {
    attempt("zarr.json") {
      if report.kind == CohortLayout.format {
        let store = try CohortStore(root)
        for id in store.ids { _ = try store.record(id) }
      } else {
        _ = try SliceStore(root)
      }
    }
  }

  @discardableResult
  private func attempt<Value>(_ path: String, _ body: () throws -> Value) -> Value? {
    do {
      return try body()
    } catch ZarrError.missing {
      note(path, "is missing")
    } catch ZarrError.corrupt(_, let reason), ZarrError.metadata(_, let reason),
      StoreError.damaged(_, let reason)
    {
      note(path, reason)
    } catch {
      note(path, "\(error)")
    }
    return nil
  }

  private func note(_ path: String, _ what: String) {
    report.problems.append(.init(path: path, what: what))
  }
}
