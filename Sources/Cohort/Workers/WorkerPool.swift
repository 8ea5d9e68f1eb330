import CWorker
import Foundation
import Zarr

/// Threads, each with a worker of its own, that go from one phase of work to the next: a worker that
/// has read headers decodes pixels too, which spares the start of a process.
///
/// The threads live as long as their workers, which die with the thread that started them. They start
/// with ``warm()``, and then start their workers at once; else with the first phase, and then a thread
/// without work starts no worker. Where the system gives fewer threads, those do all; where it gives
/// none, the thread that wants the work done does it.
package final class WorkerPool: @unchecked Sendable {  // all state under the lock
  private let (launch, limits): (WorkerLaunch, WorkerLimits)
  /// How many threads, each with a worker.
  let count: Int
  private let start: ThreadStart
  private let lock = NSCondition()
  private let ended = DispatchGroup()
  private var phase = 0
  private var work: @Sendable (Worker) -> Void = { _ in }
  private var (isStarted, isOver) = (false, false)
  /// Threads that the system gave, and the worker of the caller's thread where it gave none.
  private var threads = 0
  private var own: Worker?
  /// Threads that are not done with the present phase.
  private var working = 0

  /// Nothing is started yet; ``stop()`` must follow.
  ///
  /// - Parameter start: starts a thread, and says with which error number the system refused it.
  package init(
    _ count: Int, _ launch: WorkerLaunch, _ limits: WorkerLimits,
    start: @escaping ThreadStart = { startThread(in: $0, stackBytes: 8 << 20, $1) }
  ) {
    (self.count, self.launch, self.limits) = (max(1, count), launch, limits)
    self.start = start
  }

  /// Starts threads and workers before there is work: the system loads a process while the files that
  /// it is for are still looked for. A worker that cannot be started is tried again by its first job.
  package func warm() {
    lock.withLock { startThreads { $0.warm() } }
  }

  /// Runs jobs, which are made when they are asked for, by one thread at a time, so that those which
  /// wait need no memory.
  ///
  /// A job that throws ends the others after their present job; its error is thrown here. After the
  /// last phase the workers end while what the jobs left to be done beside them still is.
  package func run<Job>(
    next: @escaping @Sendable () throws -> Job?, isLast: Bool = false,
    _ body: @escaping @Sendable (Worker, Job) throws -> Void
  ) throws {
    lock.withLock { startThreads() }
    let crew = Crew(size: max(1, threads))
    let work = { @Sendable (worker: Worker) in
      worker.crew = crew
      crew.work(worker, next: next, body)
    }
    if let own { work(own) } else { haveThreadsDo(work) }
    if isLast { dismiss() }
    try crew.rethrow()
  }

  /// A phase: every thread does the work.
  private func haveThreadsDo(_ work: @escaping @Sendable (Worker) -> Void) {
    lock.lock()
    self.work = work
    phase += 1
    working = threads
    lock.broadcast()
    while working > 0 { lock.wait() }
    self.work = { _ in }
    lock.unlock()
  }

  /// The same for jobs that are there already.
  package func run<Job: Sendable>(
    jobs: [Job], _ body: @escaping @Sendable (Worker, Job) throws -> Void
  ) throws {
    guard !jobs.isEmpty else { return }
    let rest = Locked(jobs[...])
    try run(next: { rest.change { $0.popFirst() } }, body)
  }

  /// Has the threads end their workers and themselves, beside what the caller does next; no phase may
  /// follow.
  package func dismiss() {
    lock.withLock {
      isOver = true
      lock.broadcast()
    }
  }

  /// Ends the threads and their workers.
  package func stop() {
    dismiss()
    ended.wait()
    own?.stop()
  }

  private func startThreads(_ begin: @escaping @Sendable (Worker) -> Void = { _ in }) {
    guard !isStarted else { return }
    isStarted = true
    let body = { @Sendable [self] in
      worker_reserve_memory()
      let worker = Worker(launch, limits: limits)
      begin(worker)
      follow(worker)
    }
    while threads < count, start(ended, body) == 0 { threads += 1 }
    if threads == 0 { own = Worker(launch, limits: limits) }
  }

  /// Takes part in every phase that comes.
  private func follow(_ worker: Worker) {
    var seen = 0
    lock.lock()
    while true {
      while phase == seen && !isOver { lock.wait() }
      if phase == seen { break }
      seen = phase
      let work = work
      lock.unlock()
      work(worker)
      lock.lock()
      working -= 1
      lock.broadcast()
    }
    lock.unlock()
    worker.stop()
  }
}
