import Foundation

/// Runs jobs on as many threads as there are workers, each with a worker of its own.
///
/// The threads live as long as their workers, which die with the thread that started them. A job
/// that throws ends the others after their present job; its error is thrown here.
func withWorkers<Job: Sendable>(
  _ count: Int, _ launch: WorkerLaunch, _ limits: WorkerLimits, jobs: [Job],
  _ body: @escaping @Sendable (Worker, Job) throws -> Void
) throws {
  let rest = Locked(jobs[...])
  let next = { @Sendable in rest.change { $0.popFirst() } }
  try withWorkers(min(count, jobs.count), launch, limits, next: next, body)
}

/// The same for jobs that are made when they are asked for, by one thread at a time, so that those
/// which wait need no memory. A thread without a job starts no worker.
func withWorkers<Job: Sendable>(
  _ count: Int, _ launch: WorkerLaunch, _ limits: WorkerLimits,
  next: @escaping @Sendable () throws -> Job?,
  _ body: @escaping @Sendable (Worker, Job) throws -> Void
) throws {
  let queue = JobQueue(next)
  let done = DispatchGroup()
  for _ in 0..<max(1, count) {
    done.enter()
    let thread = Thread {
      let worker = Worker(launch, limits: limits)
      while let job = queue.next() {
        do {
          try body(worker, job)
        } catch {
          queue.fail(error)
        }
      }
      worker.stop()
      done.leave()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }
  done.wait()
  try queue.rethrow()
}

/// Jobs handed out in order.
private final class JobQueue<Job: Sendable>: @unchecked Sendable {  // all state under the lock
  private let lock = NSLock()
  private let make: () throws -> Job?
  private var failure: (any Error)?

  init(_ make: @escaping () throws -> Job?) { self.make = make }

  func next() -> Job? {
    lock.withLock {
      guard failure == nil else { return nil }
      do {
        return try make()
      } catch {
        failure = error
        return nil
      }
    }
  }

  func fail(_ error: any Error) {
    lock.withLock { if failure == nil { failure = error } }
  }

  func rethrow() throws {
    if let failure { throw failure }
  }
}
