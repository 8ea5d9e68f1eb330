import Foundation
import Synchronization

/// How far a stage has come: a bar with rate and time left on a terminal, a plain line every few
/// seconds elsewhere.
final class ProgressBar: Sendable {
  private let label: String
  private let unit: String
  private let console: Console
  private let started = ContinuousClock.now
  private let lastShown = Mutex<ContinuousClock.Instant?>(nil)

  init(_ label: String, unit: String, console: Console) {
    (self.label, self.unit, self.console) = (label, unit, console)
  }

  /// Shows `done` of `total` (0: not known), with a remark behind.
  func update(_ done: Int, of total: Int, remark: String = "") {
    guard !console.quiet else { return }
    let interval: Duration = Console.isTerminal ? .milliseconds(100) : .seconds(10)
    let now = ContinuousClock.now
    let due = lastShown.withLock { last in
      if let last, now - last < interval, done < total || total == 0 { return false }
      last = now
      return true
    }
    guard due else { return }
    let line = text(done, total, after: now - started, remark)
    if Console.isTerminal { console.rewrite(line) } else { console.note(line) }
  }

  /// Ends the line that the bar stood on.
  func finish() {
    if Console.isTerminal && !console.quiet { console.note("") }
  }

  private func text(_ done: Int, _ total: Int, after elapsed: Duration, _ remark: String) -> String
  {
    let seconds = max(elapsed / .seconds(1), 1e-3)
    let rate = Double(done) / seconds
    var parts = ["\(label): \(done)" + (total > 0 ? " of \(total)" : "") + " \(unit)"]
    if Console.isTerminal && total > 0 {
      let filled = min(20, done * 20 / max(total, 1))
      parts.insert(
        "[" + String(repeating: "#", count: filled)
          + String(repeating: "-", count: 20 - filled) + "]", at: 0)
    }
    parts.append(rate >= 10 ? "\(Int(rate))/s" : String(format: "%.2f/s", rate))
    if total > done && done > 0 { parts.append("\(clock(Double(total - done) / rate)) left") }
    if !remark.isEmpty { parts.append(remark) }
    return parts.joined(separator: "  ")
  }
}

/// Seconds as `1:05` or `2:00:10`.
func clock(_ seconds: Double) -> String {
  let whole = Int(min(seconds, 3_599_999).rounded(.up))
  let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
  return hours > 0
    ? String(format: "%d:%02d:%02d", hours, minutes, rest)
    : String(format: "%d:%02d", minutes, rest)
}
