import Foundation
import Zarr

/// What is on its way into the ledger, much of it in one transaction: each is a sync of the disk.
///
/// The ledger is one thread's at a time. Where there are several workers, and so several cores to use,
/// entries are written beside the work that goes on: few at first, then those that have come meanwhile;
/// else many at once, by the thread that brings them.
package final class Entries<Entry: Sendable>: @unchecked Sendable {  // all state under the lock
  private let isBeside: Bool
  private let weigh: @Sendable (Entry) -> Int
  private let keep: @Sendable ([Entry]) throws -> Void
  private let lock = NSCondition()
  private var waiting: [Entry] = []
  private var weight = 0
  private var isWriting = false
  private var failure: (any Error)?
  /// What is worth a transaction beside the work, more at each time; and what is written in any case.
  private var some: Int
  private let most: Int
  /// What is always worth one: of more, too much would be left for the end.
  private let enough = 512

  /// `keep` writes entries in one transaction, first `some` of them, and beside the work no more than
  /// about `most` wait for it; they weigh as much as their rows.
  package init(
    workers: Int, some: Int = 64, most: Int = 1024,
    weigh: @escaping @Sendable (Entry) -> Int = { _ in 1 },
    keep: @escaping @Sendable ([Entry]) throws -> Void
  ) {
    (isBeside, self.some) = (workers > 1, some)
    self.most = isBeside ? most : 2 * enough
    (self.weigh, self.keep) = (weigh, keep)
  }

  /// How much is written when it has come together.
  private var worth: Int { isBeside ? some : most }

  /// Takes more, and sees that they are written where they are enough. A writer that falls behind is
  /// waited for; where it has failed, nothing more is taken.
  package func take(_ more: [Entry]) throws {
    lock.lock()
    defer { lock.unlock() }
    while isWriting && weight >= most { lock.wait() }
    if let failure { throw failure }
    waiting += more
    weight += more.reduce(0) { $0 + weigh($1) }
    guard !isWriting, weight >= worth else { return }
    isWriting = true
    let writes = { @Sendable [self] in lock.withLock { write(least: worth) } }
    if isBeside && startThread(writes) == 0 { return }
    write(least: worth)
    if let failure { throw failure }
  }

  /// Writes what is left, when no thread takes any more; waits for what is being written.
  package func finish() throws {
    lock.lock()
    defer { lock.unlock() }
    while isWriting { lock.wait() }
    write(least: 1)
    if let failure { throw failure }
  }

  /// Writes as long as there is so much, the lock open meanwhile.
  private func write(least: Int) {
    while failure == nil, weight >= least {
      let all = waiting
      (waiting, weight, some) = ([], 0, min(2 * some, enough))
      lock.unlock()
      let result = Result { try keep(all) }
      lock.lock()
      if case .failure(let error) = result { failure = error }
    }
    isWriting = false
    lock.broadcast()
  }
}

extension Entries<Finding> {
  /// Findings, which weigh as much as the images that they tell of.
  package convenience init(in ledger: Ledger, workers: Int) {
    self.init(workers: workers, weigh: \.rows, keep: ledger.keep)
  }
}
