import Glibc

/// The operating system's words for the last failure.
private func reason() -> String { String(cString: strerror(errno)) }

/// A file that is read at offsets.
final class ReadableFile {
  let path: String
  let size: Int
  private let descriptor: Int32

  init(_ path: String) throws(TorchError) {
    self.path = path
    // Without O_NONBLOCK a pipe of that name would be waited for.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .file(path: path, reason: reason()) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .file(path: path, reason: "not a regular file")
    }
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Exactly `count` bytes; throws when the file ends before.
  func bytes(at offset: Int, count: Int) throws(TorchError) -> [UInt8] {
    guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
      throw .file(path: path, reason: "it ends before byte \(offset) + \(count)")
    }
    var done = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while done < count {
        let got = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset + done))
        if got < 0 && errno == EINTR { continue }
        if got <= 0 { break }
        done += got
      }
      initialized = done
    }
    guard done == count else { throw .file(path: path, reason: "it could not be read to its end") }
    return bytes
  }
}

/// A file that appears under its name only when it is whole and on the disk.
final class ReplacingFile {
  private let path: String
  private let temporary: String
  private var descriptor: Int32

  init(_ path: String) throws(TorchError) {
    self.path = path
    temporary = "\(path).\(getpid()).tmp"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .file(path: path, reason: reason()) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  func write(_ bytes: [UInt8]) throws(TorchError) {
    var done = 0
    while done < bytes.count {
      let got = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done)
      }
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else { throw .file(path: path, reason: reason()) }
      done += got
    }
  }

  /// Syncs the file, gives it its name, syncs the folder.
  func commit() throws(TorchError) {
    guard fsync(descriptor) == 0 else { throw .file(path: path, reason: reason()) }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0, rename(temporary, path) == 0 else {
      let why = reason()
      unlink(temporary)
      throw .file(path: path, reason: why)
    }
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw .file(path: path, reason: reason()) }
  }
}
