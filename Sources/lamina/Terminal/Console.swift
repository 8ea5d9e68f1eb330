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
    write(visible(text) + "\n", to: STDOUT_FILENO)
  }

  /// A remark on how things go: goes to standard error, unless `--quiet`.
  func note(_ text: String) {
    if !quiet { write(visible(text) + "\n", to: STDERR_FILENO) }
  }

  /// Something that went wrong: goes to standard error always.
  func complain(_ text: String) {
    write("lamina: \(visible(text))\n", to: STDERR_FILENO)
  }

  /// Rewrites the last line of the terminal.
  func rewrite(_ text: String) {
    write("\r\u{1B}[2K" + visible(text), to: STDERR_FILENO)
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

/// Names of files and words of headers are whatever somebody wrote: what would move the cursor, change
/// colours or turn the direction of writing is shown as a replacement character.
func visible(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: isUnseen) else { return text }
  return String(
    String.UnicodeScalarView(text.unicodeScalars.map { isUnseen($0) ? "\u{FFFD}" : $0 }))
}

/// JSON with such characters as escapes, so that a program reads what was written. They stand in its
/// strings only, and none of them needs two escapes.
func escaped(_ json: String) -> String {
  guard json.unicodeScalars.contains(where: isUnseen) else { return json }
  return json.unicodeScalars.reduce(into: "") { text, scalar in
    if isUnseen(scalar) {
      text += String(format: "\\u%04x", scalar.value)
    } else {
      text.unicodeScalars.append(scalar)
    }
  }
}

private func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x09, 0x0A: false
  case 0...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
  default: false
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
    _ = isRequested  // makes the number, which a handler of signals must find there
    for number in [SIGINT, SIGTERM] {
      signal(number) { received in
        if Interruption.count.wrappingAdd(1, ordering: .relaxed).newValue > 1 {
          _exit(128 + received)
        }
      }
    }
  }
}
