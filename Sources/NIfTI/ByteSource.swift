import CNIfTI
import Foundation

/// The bytes of a file in order, inflated when its content is gzip, whatever its name says.
final class ByteSource {
  let path: String
  /// Bytes on the disk.
  let size: Int
  private let source: OpaquePointer
  private var position = 0

  var isGzip: Bool { cnifti_is_gzip(source) != 0 }

  init(_ path: String) throws(NIfTIError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    // A pipe or a device would block, a folder has no bytes.
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is not a plain file")
    }
    guard let opened = cnifti_open(path) else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    (self.path, source, size) = (path, opened, Int(status.st_size))
  }

  deinit { cnifti_close(source) }

  /// Up to `count` bytes, fewer at the end of the file.
  func read(_ count: Int) throws(NIfTIError) -> [UInt8] {
    var got = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
      got = Int(cnifti_read(source, target.baseAddress, count))
      filled = max(got, 0)
    }
    try check(got, wanted: count)
    return bytes
  }

  /// Goes on to `offset`, or to the end.
  func skip(to offset: Int) throws(NIfTIError) {
    while position < offset {
      if try read(min(1 << 18, offset - position)).isEmpty { return }
    }
  }

  /// Reads to the end, so that the checksum there is compared; more than `limit` bytes are refused.
  func drain(limit: Int) throws(NIfTIError) {
    let end = position + limit
    while try !read(1 << 18).isEmpty {
      if position > end { throw .tooLarge(path: path, bytes: position, limit: end) }
    }
  }

  private func check(_ got: Int, wanted: Int) throws(NIfTIError) {
    switch got {
    case -1: throw .damaged(path: path)
    case -2: throw .truncated(path: path, expected: position + wanted, found: position)
    case ..<0: throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    default: position += got
    }
  }
}
