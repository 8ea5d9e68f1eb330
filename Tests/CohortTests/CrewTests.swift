import Cohort
import Foundation
import Testing
import Zarr

private struct Failed: Error, Equatable { var part: Int }

@Suite struct CrewTests {
  /// What jobs of so many parts give, in order, on so many threads.
  private func results(
    jobs: [Int], threads: Int, failing: Int? = nil,
    start: @escaping ThreadStart = { startThread(in: $0, $1) }
  ) throws -> [Int: [Int]] {
    let given = Locked([Int: [Int]]())
    let pool = WorkerPool(threads, inProcess, WorkerLimits(), start: start)
    defer { pool.stop() }
    try pool.run(jobs: jobs) { worker, job in
      try Crew.inOrder(job, on: worker) { _, part in
        if part == failing { throw Failed(part: part) }
        return part
      } each: { part in
        given.change { $0[job, default: []].append(part) }
      }
    }
    return given.value
  }

  @Test(arguments: [1, 2, 5])
  func partsComeInOrderFromHoweverManyThreads(_ threads: Int) throws {
    let jobs = [40, 1, 7, 0, 100]
    let given = try results(jobs: jobs, threads: threads)
    for job in jobs { #expect(given[job, default: []] == Array(0..<job)) }
  }

  @Test(arguments: [0, 1, 2])
  func jobsAreDoneByTheThreadsThatTheSystemGives(_ most: Int) throws {
    let begun = Locked(0)
    let given = try results(jobs: [40, 1, 7], threads: 3) { group, body in
      let number = begun.change {
        $0 += 1
        return $0
      }
      return startThread(in: group, stackBytes: number > most ? 1 << 50 : nil, body)
    }
    #expect(given == [40: Array(0..<40), 1: [0], 7: Array(0..<7)])
    #expect(begun.value == most + 1)
  }

  @Test(arguments: [1, 3])
  func thePartThatFailsIsTheJobsError(_ threads: Int) {
    #expect(throws: Failed(part: 5)) { try results(jobs: [20], threads: threads, failing: 5) }
  }

  @Test(arguments: [1, 2, 5])
  func endsOfJobsAreAllDoneWhenThePhaseIs(_ threads: Int) throws {
    let pool = WorkerPool(threads, inProcess, WorkerLimits())
    defer { pool.stop() }
    let ended = Locked(Set<Int>())
    try pool.run(jobs: Array(0..<60)) { worker, job in
      try Crew.atTheEnd(on: worker) {
        usleep(500)
        ended.change { _ = $0.insert(job) }
      }
      if threads == 1 { #expect(ended.value.contains(job)) }
    }
    #expect(ended.value == Set(0..<60))
  }

  @Test(arguments: [1, 3])
  func theEndThatFailsIsThePhasesError(_ threads: Int) {
    let pool = WorkerPool(threads, inProcess, WorkerLimits())
    defer { pool.stop() }
    #expect(throws: Failed(part: 7)) {
      try pool.run(jobs: Array(0..<20)) { worker, job in
        try Crew.atTheEnd(on: worker) { if job == 7 { throw Failed(part: job) } }
      }
    }
  }

  @Test func workersStayFromOnePhaseToTheNext() throws {
    let pool = WorkerPool(1, inProcess, WorkerLimits())
    defer { pool.stop() }
    let workers = Locked([ObjectIdentifier]())
    for _ in 0..<3 {
      try pool.run(jobs: [1, 2]) { worker, _ in
        workers.change { $0.append(ObjectIdentifier(worker)) }
      }
    }
    #expect(workers.value.count == 6 && Set(workers.value).count == 1)
    #expect(throws: Failed(part: 1)) {
      try pool.run(jobs: [1]) { _, part in throw Failed(part: part) }
    }
    try pool.run(jobs: [1]) { _, _ in }
  }

  @Test(arguments: [0, 1, 9])
  func aWarmPoolHasItsWorkersBeforeThereIsWorkAndEndsThemAll(_ jobs: Int) throws {
    let (begun, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let pool = WorkerPool(
      3,
      .thread { control, shared in
        begun.signal()
        WorkerMain.serve(control: control, shared: shared)
        ended.signal()
      }, WorkerLimits())
    pool.warm()
    for _ in 0..<3 { #expect(begun.wait(timeout: .now() + 60) == .success) }
    let done = Locked(0)
    try pool.run(jobs: Array(0..<jobs)) { _, _ in done.change { $0 += 1 } }
    pool.dismiss()
    pool.stop()
    for _ in 0..<3 { #expect(ended.wait(timeout: .now() + 60) == .success) }
    #expect(done.value == jobs)
    #expect(begun.wait(timeout: .now()) == .timedOut)
  }

  @Test func threadsWithoutAJobHelp() throws {
    let workers = Locked(Set<ObjectIdentifier>())
    // Neither part can end before the other has begun.
    let begun = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
    let pool = WorkerPool(2, inProcess, WorkerLimits())
    defer { pool.stop() }
    try pool.run(jobs: [2]) { worker, job in
      try Crew.inOrder(job, on: worker) { worker, part in
        workers.change { _ = $0.insert(ObjectIdentifier(worker)) }
        begun[part].signal()
        #expect(begun[1 - part].wait(timeout: .now() + 60) == .success)
      } each: { _ in
      }
    }
    #expect(workers.value.count == 2)
  }
}
