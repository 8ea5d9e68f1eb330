import Foundation

/// What each of several processes that share a folder is at: a name belongs to one of them at a time.
///
/// A byte of the folder's file `.claims` stands for a name; its lock ends with the process, however
/// that ends, and holds between machines where the file system locks (NFS 4 does).
final class Claims {
  /// F_OFD_SETLK of linux/fcntl.h, which Glibc's module leaves out: the lock is this opened file's, not
  /// the process's, which lets go of its own as soon as any part of it closes the file.
  private static let lockOfOpenFile: Int32 = 37
  private let path: String
  private let descriptor: Int32

  /// Makes the folder's file of claims, if it is not there.
  init(folder: String) throws {
    path = folder + "/.claims"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("opened") }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Does `work` while no other process has the name.
  ///
  /// - Parameter waiting: whether to wait for whoever has it.
  /// - Returns: nil when another process has it and `waiting` is false.
  @discardableResult
  func holding<T>(_ name: String, waiting: Bool = true, _ work: () throws -> T) throws -> T? {
    while try !set(F_WRLCK, name) {
      guard waiting else { return nil }
      if Interruption.isRequested { throw Failure("Stopped; the same command goes on.") }
      usleep(200_000)
    }
    defer { _ = try? set(F_UNLCK, name) }
    return try work()
  }

  /// Locks or unlocks the byte of a name; false when another process has it.
  private func set(_ kind: Int32, _ name: String) throws -> Bool {
    var range = flock()
    (range.l_type, range.l_whence, range.l_len) = (Int16(kind), Int16(SEEK_SET), 1)
    range.l_start = Int(hash([Data(name.utf8)]) >> 2)
    if fcntl(descriptor, Self.lockOfOpenFile, &range) == 0 { return true }
    guard errno == EAGAIN || errno == EACCES else { throw failure("locked") }
    return false
  }

  private func failure(_ what: String) -> Failure {
    Failure("\(path): cannot be \(what) (\(String(cString: strerror(errno)))).")
  }
}
