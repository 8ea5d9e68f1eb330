import Foundation

/// Memory that a worker has filled and that nobody writes to any more: it is read piece by piece, so
/// that the parent never holds a large volume whole.
final class WorkerMemory: Sendable {
  private let descriptor: Int32

  /// Takes over a descriptor.
  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Fills the buffer from `offset` on.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Fault) {
    guard readWhole(descriptor, at: offset, into: buffer) else {
      throw Fault(.workerNonsense, "less in the shared memory than the answer says")
    }
  }
}

/// Fills the buffer from shared memory; false where that ends before.
///
/// The memory is read, never mapped: a worker that makes it smaller meanwhile gets a short read,
/// not a signal in its parent.
func readWhole(
  _ shared: Int32, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
) -> Bool {
  var filled = 0
  while filled < buffer.count {
    let start = buffer.baseAddress! + filled
    let got = pread(shared, start, buffer.count - filled, off_t(offset + filled))
    if got < 0 && errno == EINTR { continue }
    if got <= 0 { return false }
    filled += got
  }
  return true
}
