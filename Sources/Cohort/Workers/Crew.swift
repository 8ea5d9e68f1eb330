import Foundation
import Zarr

/// The threads of a pool, each with its worker: they take jobs, and when no job is left, parts of
/// the jobs that others still have, so that a single large series uses every core.
package final class Crew: @unchecked Sendable {  // all state under the lock
  /// Part of a job, for any thread; `owner` tells whose.
  private struct Part {
    let owner: ObjectIdentifier
    let run: @Sendable (Worker) -> Void
  }

  private let lock = NSCondition()
  private let size: Int
  private var parts: [Part] = []
  private var busy = 0
  private var isExhausted = false
  private var failure: (any Error)?
  /// What is done beside the jobs, and how much of it may be waiting.
  private let endings = DispatchGroup()
  private let room: DispatchSemaphore

  init(size: Int) {
    self.size = size
    room = DispatchSemaphore(value: min(2 * size + 2, 64))
  }

  /// Works until there is neither a job nor a thread that might ask for help with one.
  ///
  /// A job that throws ends the others after their present job.
  func work<Job>(
    _ worker: Worker, next: () throws -> Job?, _ body: (Worker, Job) throws -> Void
  ) {
    lock.lock()
    defer { lock.unlock() }
    while true {
      if let job = take(next) {
        busy += 1
        lock.unlock()
        let result = Result { try body(worker, job) }
        lock.lock()
        busy -= 1
        if case .failure(let error) = result, failure == nil { failure = error }
        lock.broadcast()
      } else if !parts.isEmpty {
        let part = parts.removeFirst()
        lock.unlock()
        part.run(worker)
        lock.lock()
      } else if busy == 0 {
        return
      } else {
        lock.wait()
      }
    }
  }

  /// Throws what the first failed job threw, when all is done.
  func rethrow() throws {
    endings.wait()
    if let failure = lock.withLock({ failure }) { throw failure }
  }

  private func take<Job>(_ next: () throws -> Job?) -> Job? {
    guard failure == nil, !isExhausted else { return nil }
    do {
      if let job = try next() { return job }
    } catch {
      failure = error
    }
    isExhausted = true
    return nil
  }
}

extension Crew {
  /// Runs parts 0, 1, … of a job on this thread and on those of the worker's crew that have no job,
  /// and hands on what they give in their order.
  ///
  /// Only a few parts are ahead of the one that is handed on, so memory does not grow with the job.
  package static func inOrder<Value: Sendable>(
    _ count: Int, on worker: Worker, _ part: @escaping @Sendable (Worker, Int) throws -> Value,
    each: (Value) throws -> Void
  ) throws {
    guard let crew = worker.crew, crew.size > 1, count > 1 else {
      for index in 0..<count { try each(try part(worker, index)) }
      return
    }
    let done = Locked([Int: Result<Value, any Error>]())
    let owner = ObjectIdentifier(done)
    defer { crew.lock.withLock { crew.parts.removeAll { $0.owner == owner } } }
    var posted = 0
    for index in 0..<count {
      while posted < min(count, index + 2 * crew.size) {
        let number = posted
        crew.post(
          Part(owner: owner) { worker in
            let result = Result { try part(worker, number) }
            done.change { $0[number] = result }
            crew.lock.withLock { crew.lock.broadcast() }
          })
        posted += 1
      }
      while done.value[index] == nil { crew.help(worker, owner) { done.value[index] != nil } }
      if let result = done.change({ $0.removeValue(forKey: index) }) { try each(try result.get()) }
    }
  }

  /// Does the end of a job that needs no worker any more, which is mostly waiting for the disk, beside
  /// the jobs that follow. A crew of one does nothing beside, and does it at once, as is what the system
  /// has no thread for.
  package static func atTheEnd(
    on worker: Worker, _ body: @escaping @Sendable () throws -> Void
  ) throws {
    guard let crew = worker.crew, crew.size > 1 else { return try body() }
    crew.room.wait()
    let end = { @Sendable in
      let result = Result { try body() }
      if case .failure(let error) = result {
        crew.lock.withLock { crew.failure = crew.failure ?? error }
      }
      crew.room.signal()
    }
    if startThread(in: crew.endings, end) != 0 { end() }
  }

  /// Has those of the crew's other threads that have no job do something with their workers, beside
  /// what this one does next, until it is withdrawn.
  static func others(
    of worker: Worker, for owner: AnyObject, _ body: @escaping @Sendable (Worker) -> Void
  ) {
    guard let crew = worker.crew else { return }
    for _ in 1..<max(1, crew.size) { crew.post(Part(owner: ObjectIdentifier(owner), run: body)) }
  }

  /// Withdraws what nobody has begun.
  static func withdraw(_ owner: AnyObject, from worker: Worker) {
    guard let crew = worker.crew else { return }
    crew.lock.withLock { crew.parts.removeAll { $0.owner == ObjectIdentifier(owner) } }
  }

  private func post(_ part: Part) {
    lock.withLock {
      parts.append(part)
      lock.broadcast()
    }
  }

  /// Runs a part of the owner's own that nobody has taken, or waits until another thread is done.
  private func help(_ worker: Worker, _ owner: ObjectIdentifier, until isDone: () -> Bool) {
    lock.lock()
    if let place = parts.firstIndex(where: { $0.owner == owner }) {
      let part = parts.remove(at: place)
      lock.unlock()
      part.run(worker)
      return
    }
    while !isDone() { lock.wait() }
    lock.unlock()
  }
}
