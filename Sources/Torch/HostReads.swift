import Synchronization

/// Counts how often the host read numbers of tensors: on a GPU it then waits until all that was asked for before is
/// done, so that a step of training must do without.
///
///     let reads = HostReads()
///     try reads.counting { try x.sum().item() }  // reads.count is 1
package final class HostReads: Sendable {
  @TaskLocal private static var counted: HostReads?
  private let number = Atomic(0)

  /// None yet.
  package init() {}

  /// Reads so far.
  package var count: Int { number.load(ordering: .relaxed) }

  /// Counts those of `body`, on this thread.
  package func counting<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Self.$counted.withValue(self, operation: body)
  }

  /// To be said wherever numbers of a tensor come to the host.
  static func happened() { counted?.number.add(1, ordering: .relaxed) }
}
