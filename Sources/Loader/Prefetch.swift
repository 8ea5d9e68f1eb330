import Foundation
import Zarr

/// Makes the values of steps n, n + 1, … ahead of their use, on threads of its own.
///
/// A value is a pure function of its step, so neither the number of threads nor their timing shows
/// in what comes out. At most `bound` values are being made or wait at any time.
package final class Prefetch<Value: Sendable>: Sendable {
  private let line: Line<Value>

  /// Starts `threads` threads from `step` on; with none, values are made when they are asked for.
  ///
  /// - Parameter start: starts a thread, and says with which error number the system refused it.
  /// - Throws: ``LoaderError/noThread(of:reason:)``; those that had begun have then ended.
  package init(
    from step: Int, threads: Int, bound: Int,
    start: (@escaping @Sendable () -> Void) -> Int32 = { startThread($0) },
    make: @escaping @Sendable (Int) throws(LoaderError) -> Value
  ) throws(LoaderError) {
    line = Line(step: step, bound: max(bound, 1), isSynchronous: threads <= 0, make: make)
    for _ in 0..<max(threads, 0) {
      let refusal = line.enlist { [line] in start { line.work() } }
      guard refusal != 0 else { continue }
      line.cancel()
      throw .noThread(of: threads, reason: String(cString: strerror(refusal)))
    }
  }

  deinit { cancel() }

  /// The step that ``next()`` will give.
  package var step: Int { line.condition.withLock { line.taken } }

  /// The largest number of values that were in being at once, apart from those handed out.
  package var peak: Int { line.condition.withLock { line.peak } }

  /// The value of the next step. After a failure, asking again fails again.
  package func next() throws(LoaderError) -> Value { try line.take() }

  /// Stops the threads and waits until they are gone.
  package func cancel() { line.cancel() }
}

/// What the threads share; it does not know the `Prefetch`, whose end can therefore stop them.
private final class Line<Value: Sendable>: @unchecked Sendable {
  let condition = NSCondition()
  var taken: Int
  var peak = 0
  private var begun: Int
  private var ready: [Int: Result<Value, LoaderError>] = [:]
  private var cancelled = false
  private var alive = 0
  private let isSynchronous: Bool
  private let bound: Int
  private let make: @Sendable (Int) throws(LoaderError) -> Value

  init(
    step: Int, bound: Int, isSynchronous: Bool,
    make: @escaping @Sendable (Int) throws(LoaderError) -> Value
  ) {
    (taken, begun, self.bound, self.isSynchronous) = (step, step, bound, isSynchronous)
    self.make = make
  }

  /// Counts a thread that `start` starts, unless it was refused, which it says by not giving 0.
  func enlist(_ start: () -> Int32) -> Int32 {
    condition.withLock {
      let refusal = start()
      if refusal == 0 { alive += 1 }
      return refusal
    }
  }

  func work() {
    while let step = begin() {
      let result: Result<Value, LoaderError>
      do throws(LoaderError) {
        result = .success(try make(step))
      } catch {
        result = .failure(error)
      }
      condition.withLock {
        ready[step] = result
        condition.broadcast()
      }
    }
    condition.withLock {
      alive -= 1
      condition.broadcast()
    }
  }

  /// The next step to make, once there is room for it; nil when there is nothing more to do.
  private func begin() -> Int? {
    condition.withLock {
      while !cancelled && begun - taken >= bound { condition.wait() }
      guard !cancelled else { return nil }
      defer { begun += 1 }
      peak = max(peak, begun + 1 - taken)
      return begun
    }
  }

  func take() throws(LoaderError) -> Value {
    if isSynchronous { return try takeNow() }
    let result: Result<Value, LoaderError> = condition.withLock {
      while !cancelled && ready[taken] == nil { condition.wait() }
      guard !cancelled, let result = ready[taken] else { return .failure(.cancelled) }
      if case .success = result {
        ready[taken] = nil
        taken += 1
        condition.broadcast()
      }
      return result
    }
    return try result.get()
  }

  private func takeNow() throws(LoaderError) -> Value {
    let (step, stopped) = condition.withLock { (taken, cancelled) }
    guard !stopped else { throw .cancelled }
    let value = try make(step)
    condition.withLock {
      taken += 1
      peak = max(peak, 1)
    }
    return value
  }

  func cancel() {
    condition.withLock {
      cancelled = true
      condition.broadcast()
      while alive > 0 { condition.wait() }
      ready.removeAll()
    }
  }
}
