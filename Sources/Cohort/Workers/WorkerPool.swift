import Foundation

/// Runs jobs on as many threads as there are workers, each with a worker of its own.
///
/// The threads live as long as their workers, which die with the thread that started them. A job
/// that throws ends the others after their present job; its error is thrown here.
func withWorkers<Job: Sendable>(
  _ count: Int, _ launch: WorkerLaunch, _ limits: WorkerLimits, jobs: [Job],
  _ body: @escaping @Sendable (Worker, Job) throws -> Void
) throws {
  let queue = JobQueue(jobs)
  let threads = max(1, min(count, jobs.count))
  let done = DispatchGroup()
  for _ in 0..<threads {
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
  private let jobs: [Job]
  private var given = 0
  private var failure: (any Error)?

  init(_ jobs: [Job]) { self.jobs = jobs }

  func next() -> Job? {
    lock.withLock {
      guard failure == nil, given < jobs.count else { return nil }
      defer { given += 1 }
      return jobs[given]
    }
  }

  func fail(_ error: any Error) {
    lock.withLock { if failure == nil { failure = error } }
  }

  func rethrow() throws {
    if let failure { throw failure }
  }
}
