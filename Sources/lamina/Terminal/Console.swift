import Foundation
import Synchronization

/// What a command says: results on standard output, everything else on standard error.
struct Console: Sendable {
  /// Say nothing but results and errors.
  var quiet = false

  /// Whether standard error is a terminal, where a line may be rewritten.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// A result: goes to standard output.
  func result(_ text: String) {
    write(text + "\n", to: STDOUT_FILENO)
  }

  /// A remark on how things go: goes to standard error, unless `--quiet`.
  func note(_ text: String) {
    if !quiet { write(text + "\n", to: STDERR_FILENO) }
  }

  /// Something that went wrong: goes to standard error always.
  func complain(_ text: String) {
    write("lamina: \(text)\n", to: STDERR_FILENO)
  }

  /// Rewrites the last line of the terminal.
  func rewrite(_ text: String) {
    write("\r\u{1B}[2K" + text, to: STDERR_FILENO)
  }

  private func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno != EINTR { return }
      rest = rest.dropFirst(max(0, count))
    }
  }
}

/// Ctrl-C and SIGTERM, in stages that ask: once, they let the work under way end well; twice, they
/// end the process at once. Other stages are simply ended, which loses nothing either.
enum Interruption {
  private static let count = Atomic<Int>(0)

  /// Whether the user has asked to stop.
  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

  /// Listens from now on; only for stages that look at ``isRequested``.
  static func listen() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { received in
        if Interruption.count.wrappingAdd(1, ordering: .relaxed).newValue > 1 {
          _exit(128 + received)
        }
      }
    }
  }
}
