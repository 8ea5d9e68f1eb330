import CNIfTI
import Foundation

/// Writes a file so that it is there whole or not at all: a temporary name beside it, synced,
/// renamed, and the folder synced. niftilib's own writer does not notice a full disk.
func replaceFile(
  _ path: String, gzip: Bool, _ parts: [UnsafeRawBufferPointer]
) throws(NIfTIError) {
  let (folder, name) = split(path)
  let temporary =
    "\(folder)/.\(name).\(getpid()).\(String(UInt32.random(in: 0 ... .max), radix: 16))"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw unwritable(path) }
  do throws(NIfTIError) {
    defer { close(descriptor) }
    try writeAll(parts, gzip: gzip, to: descriptor, path: path)
    guard fsync(descriptor) == 0 else { throw unwritable(path) }
  } catch {
    unlink(temporary)
    throw error
  }
  guard rename(temporary, path) == 0 else {
    let reason = unwritable(path)
    unlink(temporary)
    throw reason
  }
  try syncFolder(folder, path: path)
}

/// Writes the parts one after the other, as one gzip member where asked for.
package func writeAll(
  _ parts: [UnsafeRawBufferPointer], gzip: Bool, to descriptor: Int32, path: String
) throws(NIfTIError) {
  guard gzip else {
    for part in parts { try writeBytes(part, to: descriptor, path: path) }
    return
  }
  guard let deflater = cnifti_deflate_start(6) else {
    throw .unwritable(path: path, reason: "zlib does not start")
  }
  defer { cnifti_deflate_end(deflater) }
  for part in parts {
    try deflate(part, finish: false, with: deflater, to: descriptor, path: path)
  }
  try deflate(
    UnsafeRawBufferPointer(start: nil, count: 0), finish: true, with: deflater, to: descriptor,
    path: path)
}

private func deflate(
  _ input: UnsafeRawBufferPointer, finish: Bool, with deflater: OpaquePointer,
  to descriptor: Int32, path: String
) throws(NIfTIError) {
  let capacity = 1 << 18
  let output = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
  defer { output.deallocate() }
  var done = 0
  var got = capacity
  while done < input.count || (finish && got == capacity) {
    var taken = 0
    let start = input.baseAddress.map { ($0 + done).assumingMemoryBound(to: UInt8.self) }
    got = Int(
      cnifti_deflate(
        deflater, start, input.count - done, &taken, finish ? 1 : 0,
        output.baseAddress?.assumingMemoryBound(to: UInt8.self), capacity))
    guard got >= 0 else { throw .unwritable(path: path, reason: "zlib fails") }
    done += taken
    try writeBytes(UnsafeRawBufferPointer(rebasing: output[..<got]), to: descriptor, path: path)
  }
}

private func writeBytes(
  _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
) throws(NIfTIError) {
  var done = 0
  while done < bytes.count {
    guard let start = bytes.baseAddress else { return }
    let written = write(descriptor, start + done, bytes.count - done)
    if written < 0 && errno == EINTR { continue }
    guard written > 0 else { throw unwritable(path) }
    done += written
  }
}

private func syncFolder(_ folder: String, path: String) throws(NIfTIError) {
  let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw unwritable(path) }
  defer { close(descriptor) }
  // Some network file systems cannot sync a folder and say EINVAL; the file itself is safe.
  guard fsync(descriptor) == 0 || errno == EINVAL else { throw unwritable(path) }
}

private func unwritable(_ path: String) -> NIfTIError {
  .unwritable(path: path, reason: String(cString: strerror(errno)))
}
