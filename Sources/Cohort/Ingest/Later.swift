import Foundation
import Zarr

/// A value that is made on another thread, beside the work that goes on, or when it is asked for. Whoever
/// lets go of it waits until nothing is done beside any more.
package final class Later<Value: Sendable>: Sendable {
  private let result: Locked<Result<Value, any Error>?>
  private let isThere = DispatchGroup()
  private let body: @Sendable () throws -> Value

  /// `beside` begins it at once; else, or where the system has no thread for it, the thread that wants
  /// it makes it.
  package init(beside: Bool, _ body: @escaping @Sendable () throws -> Value) {
    let result = Locked<Result<Value, any Error>?>(nil)
    (self.result, self.body) = (result, body)
    guard beside else { return }
    _ = startThread(in: isThere) {
      let made = Result { try body() }
      result.change { $0 = made }
    }
  }

  deinit { wait() }

  /// Waits until nothing is done beside any more.
  package func wait() { isThere.wait() }

  /// Waits for it, or makes it, once.
  package func value() throws -> Value {
    wait()
    return try result.change { made in
      let result = made ?? Result(catching: body)
      made = result
      return try result.get()
    }
  }

  /// What has been made, when nothing is done beside any more.
  package var made: Value? {
    wait()
    return try? result.value?.get()
  }
}
