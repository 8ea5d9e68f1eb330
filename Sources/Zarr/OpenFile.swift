import Foundation

/// A file opened for reading at any place, from several threads at once; closed with its last
/// reference.
public final class OpenFile: Sendable {
  /// What was opened.
  public let path: String
  /// The length in bytes when it was opened.
  public let size: Int
  fileprivate let descriptor: Int32

  /// Opens a regular file.
  public init(_ path: String) throws(ZarrError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw errno == ENOTDIR ? .missing(path: path) : systemError(path, "open")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .corrupt(path: path, reason: "not a plain file")
    }
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `target` from `offset` on; a range that is not wholly inside the file throws.
  public func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(ZarrError) {
    try checkInside(offset, target.count)
    var done = 0
    while done < target.count {
      let count = pread(
        descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw systemError(path, "read") }
      guard count > 0 else { throw .corrupt(path: path, reason: "cut short while it was read") }
      done += count
    }
  }

  /// Throws unless the range is wholly inside the file, before anything is made room for.
  func checkInside(_ offset: Int, _ count: Int) throws(ZarrError) {
    guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
      throw .corrupt(
        path: path, reason: "bytes \(offset)… (\(count) of them) lie outside its \(size) bytes")
    }
  }

  /// Reads `count` bytes from `offset` on.
  public func read(at offset: Int, count: Int) throws(ZarrError) -> [UInt8] {
    try checkInside(offset, count)
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBytes { target in
      Result { () throws(ZarrError) in try read(at: offset, into: target) }
    }
    try result.get()
    return bytes
  }
}

extension OpenFile {
  /// Keeps the system from reading on after each read: the next one is somewhere else.
  func expectRandomReads() { posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM) }

  /// Has the system fetch a part of the file in the background.
  func willRead(_ place: Range<Int>) {
    posix_fadvise(descriptor, off_t(place.lowerBound), off_t(place.count), POSIX_FADV_WILLNEED)
  }

  /// The digest of the whole file, read in pieces.
  public func digest() throws(ZarrError) -> FileDigest {
    var sum = CRC32C()
    var at = 0
    while at < size {
      let piece = try read(at: at, count: min(4 << 20, size - at))
      piece.withUnsafeBytes { sum.update($0) }
      at += piece.count
    }
    return FileDigest(crc: sum.value, size: size)
  }
}
