import Foundation

/// Starts a thread that nobody joins, with so large a stack if one is given; an error number where the
/// system refuses it. A `group` is entered, and left when nothing is left of the thread's work.
///
/// Neither Foundation nor Dispatch tells of a refusal: who waits for their threads waits forever where
/// a process may have no more of them.
package func startThread(
  in group: DispatchGroup? = nil, stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Void
) -> Int32 {
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  if let stackBytes { pthread_attr_setstacksize(&attributes, stackBytes) }
  group?.enter()
  let work = Unmanaged.passRetained(ThreadWork(body, group))
  var thread = pthread_t()
  let refusal = pthread_create(
    &thread, &attributes,
    { work in
      ThreadWork.run(work!)?.leave()
      return nil
    }, work.toOpaque())
  if refusal != 0 {
    work.release()
    group?.leave()
  }
  return refusal
}

private final class ThreadWork: Sendable {
  private let body: @Sendable () -> Void
  private let group: DispatchGroup?

  init(_ body: @escaping @Sendable () -> Void, _ group: DispatchGroup?) {
    (self.body, self.group) = (body, group)
  }

  /// Does the work and lets go of it; returns the group to leave then.
  static func run(_ work: UnsafeMutableRawPointer) -> DispatchGroup? {
    let work = Unmanaged<ThreadWork>.fromOpaque(work).takeRetainedValue()
    work.body()
    return work.group
  }
}

/// What starts a thread, ``startThread(in:stackBytes:_:)`` but in tests.
package typealias ThreadStart =
  @Sendable (DispatchGroup, @escaping @Sendable () -> Void) -> Int32

/// Runs `body` with 0, 1, … at the same time and returns when all are done; this thread takes the
/// first and those for which the system has no thread, one after another.
package func concurrently(
  _ count: Int, start: ThreadStart = { startThread(in: $0, $1) }, _ body: @Sendable (Int) -> Void
) {
  withoutActuallyEscaping(body) { body in
    let others = DispatchGroup()
    var own = [0].prefix(count)
    for number in own.count..<max(own.count, count) {
      if start(others, { body(number) }) != 0 { own.append(number) }
    }
    own.forEach(body)
    others.wait()
  }
}
