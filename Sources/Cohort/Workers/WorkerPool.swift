import Foundation

/// Runs jobs on as many threads as there are workers, each with a worker of its own.
///
/// The threads live as long as their workers, which die with the thread that started them. A job
/// that throws ends the others after their present job; its error is thrown here.
package func withWorkers<Job: Sendable>(
  _ count: Int, _ launch: WorkerLaunch, _ limits: WorkerLimits, jobs: [Job],
  _ body: @escaping @Sendable (Worker, Job) throws -> Void
) throws {
  guard !jobs.isEmpty else { return }
  let rest = Locked(jobs[...])
  let next = { @Sendable in rest.change { $0.popFirst() } }
  try withWorkers(count, launch, limits, next: next, body)
}

/// The same for jobs that are made when they are asked for, by one thread at a time, so that those
/// which wait need no memory. A thread without work starts no worker.
package func withWorkers<Job: Sendable>(
  _ count: Int, _ launch: WorkerLaunch, _ limits: WorkerLimits,
  next: @escaping @Sendable () throws -> Job?,
  _ body: @escaping @Sendable (Worker, Job) throws -> Void
) throws {
  let crew = Crew(size: max(1, count))
  let done = DispatchGroup()
  for _ in 0..<max(1, count) {
    done.enter()
    let thread = Thread {
      let worker = Worker(launch, limits: limits, crew: crew)
      crew.work(worker, next: next, body)
      worker.stop()
      done.leave()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }
  done.wait()
  try crew.rethrow()
}
