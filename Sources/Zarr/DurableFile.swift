import CStorage
import Foundation
import Synchronization

/// What a file must hold: how many bytes, and their CRC-32C.
///
/// 32 bits and the length find every torn, cut or flipped file but one in four thousand million;
/// each chunk inside a shard has a checksum of its own besides.
public struct FileDigest: Sendable, Equatable {
  /// CRC-32C of all bytes.
  public var crc: UInt32
  /// The length in bytes.
  public var size: Int

  /// Takes a digest that was written down.
  public init(crc: UInt32, size: Int) { (self.crc, self.size) = (crc, size) }

  /// The digest of bytes in memory.
  public init(of bytes: [UInt8]) {
    self.init(crc: CRC32C.checksum(bytes), size: bytes.count)
  }

  /// The digest of a part of an array.
  public init(of bytes: ArraySlice<UInt8>) {
    self.init(crc: bytes.withUnsafeBytes { CRC32C.checksum($0) }, size: bytes.count)
  }
}

/// A file that appears whole or not at all: written under a temporary name in its own folder,
/// synced, renamed, the folder synced (POSIX `fsync`, `rename`).
///
/// One writer a name: what a killed writer left under the temporary name is written over.
public final class DurableFile {
  private let path: String
  private let temporary: String
  private var descriptor: Int32
  private var sum = CRC32C()
  /// Bytes written so far.
  public private(set) var size = 0
  /// How far the system has been told to write to the disk, and how many bytes it is told at once.
  private var started = 0
  private static let stride = 2 << 20

  /// Opens the temporary file.
  public init(_ path: String) throws(ZarrError) {
    self.path = path
    temporary = folder(of: path) + "/." + fileName(of: path) + ".tmp"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw systemError(temporary, "write") }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  /// Appends bytes.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(ZarrError) {
    var rest = bytes
    while let base = rest.baseAddress, rest.count > 0 {
      let done = Foundation.write(descriptor, base, rest.count)
      if done < 0 && errno == EINTR { continue }
      guard done > 0 else { throw systemError(temporary, "write") }
      rest = UnsafeRawBufferPointer(rebasing: rest[done...])
    }
    sum.update(bytes)
    size += bytes.count
    if size - started >= Self.stride { start() }
  }

  /// Has the system begin to write what it holds of the file: the disk works while the next bytes, or
  /// the next files, are made, and the sync at the end has little to wait for. Nothing depends on it.
  private func start() {
    guard size > started else { return }
    cstorage_start_writing(descriptor, Int64(started), Int64(size - started))
    started = size
  }

  /// Appends an array.
  public func write(_ bytes: [UInt8]) throws(ZarrError) {
    let result = bytes.withUnsafeBytes { piece in
      Result { () throws(ZarrError) in try write(piece) }
    }
    try result.get()
  }

  /// Syncs and renames the file, so that it is there for good; says what it holds.
  ///
  /// `syncing: false` leaves that to ``syncTree(_:)``, for a folder that is itself not in place yet:
  /// syncing many files at the end costs hardly more than syncing one.
  @discardableResult
  public func commit(syncing: Bool = true) throws(ZarrError) -> FileDigest {
    if !syncing { start() }
    guard !syncing || fsync(descriptor) == 0 else { throw systemError(temporary, "sync") }
    guard close(descriptor) == 0 else {
      descriptor = -1
      throw systemError(temporary, "close")
    }
    descriptor = -1
    guard rename(temporary, path) == 0 else { throw systemError(path, "rename") }
    if syncing { try syncFolder(folder(of: path)) }
    return FileDigest(crc: sum.value, size: size)
  }
}

/// Writes a small file durably.
@discardableResult
public func writeFile(
  _ bytes: [UInt8], to path: String, syncing: Bool = true
) throws(ZarrError) -> FileDigest {
  let file = try DurableFile(path)
  try file.write(bytes)
  return try file.commit(syncing: syncing)
}

/// Reads a whole file of at most `limit` bytes.
public func readFile(_ path: String, limit: Int = 64 << 20) throws(ZarrError) -> [UInt8] {
  let file = try OpenFile(path)
  guard file.size <= limit else {
    throw .corrupt(path: path, reason: "\(file.size) bytes where at most \(limit) make sense")
  }
  var bytes = [UInt8](repeating: 0, count: file.size)
  let result = bytes.withUnsafeMutableBytes { target in
    Result { () throws(ZarrError) in try file.read(at: 0, into: target) }
  }
  try result.get()
  return bytes
}

/// Makes the entries of a folder durable.
public func syncFolder(_ path: String) throws(ZarrError) { try sync(path) }

/// Makes everything below a folder durable, files and folders.
public func syncTree(_ path: String) throws(ZarrError) {
  var paths = [path]
  let walk = FileManager.default.enumerator(atPath: path)
  while let below = walk?.nextObject() as? String { paths.append(path + "/" + below) }
  try sync(paths)
}

/// Makes files and folders durable, several at a time: those that come together share what the disk
/// has to be waited for. The threads only wait, so there are more of them than cores.
public func sync(_ paths: [String]) throws(ZarrError) {
  let state = Mutex((rest: paths[...], failure: ZarrError?.none))
  concurrently(min(8, paths.count)) { _ in
    while let path = state.withLock({ $0.rest.popFirst() }) {
      do throws(ZarrError) {
        try sync(path)
      } catch {
        state.withLock { $0.failure = $0.failure ?? error }
      }
    }
  }
  if let error = state.withLock({ $0.failure }) { throw error }
}

private func sync(_ path: String) throws(ZarrError) {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw systemError(path, "open") }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw systemError(path, "sync") }
}

/// Makes a folder and those above it; one that is there already is fine.
public func makeFolder(_ path: String) throws(ZarrError) {
  guard mkdir(path, 0o777) != 0, errno != EEXIST else { return }
  guard errno == ENOENT, folder(of: path) != path else { throw systemError(path, "create") }
  try makeFolder(folder(of: path))
  guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw systemError(path, "create") }
}

/// What stands before the last slash.
package func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// What follows the last slash.
package func fileName(of path: String) -> String {
  path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
}

func systemError(_ path: String, _ verb: String) -> ZarrError {
  errno == ENOENT ? .missing(path: path) : .system(path: path, verb: verb, code: errno)
}
