import Foundation
import Synchronization

/// How far a stage has come: a bar with rate and time left on a terminal, a plain line every few
/// seconds elsewhere.
final class ProgressBar: Sendable {
  /// What is done of what there is; what needed no work counts for no rate.
  struct Share {
    var done: Int
    /// 0: not known.
    var total: Int
    /// Of what is done, what an earlier run had done.
    var known = 0
  }

  private struct Moments {
    /// When the bar was made, or last heard that nothing is done yet.
    var first = ContinuousClock.now
    /// When a line was last shown.
    var last: ContinuousClock.Instant?

    /// Since when the bar has been running; nil where it is too early for another line.
    mutating func elapsed(_ units: Share) -> Duration? {
      let interval: Duration = Console.isTerminal ? .milliseconds(100) : .seconds(10)
      let now = ContinuousClock.now
      let isLast = units.total > 0 && units.done >= units.total
      if units.done == 0 { first = now }
      if let last, now - last < interval, !isLast { return nil }
      if units.done == 0, !Console.isTerminal { return nil }
      last = now
      return now - first
    }
  }

  private let label: String
  private let unit: String
  private let known: String
  private let console: Console
  private let moments = Mutex(Moments())

  /// - Parameter known: what is said of that which an earlier run had done.
  init(_ label: String, unit: String, known: String = "known", console: Console) {
    (self.label, self.unit, self.known, self.console) = (label, unit, known, console)
  }

  /// Shows `done` of `total` (0: not known), with a remark behind.
  func update(_ done: Int, of total: Int, remark: String = "") {
    update(Share(done: done, total: total), remark: remark)
  }

  /// Shows units, and bytes where these say better how much there is still to do.
  func update(_ units: Share, bytes: Share? = nil, remark: String = "") {
    guard !console.quiet else { return }
    // Written under the lock: of two threads' lines the older might else be the one that stays.
    moments.withLock { moments in
      guard let elapsed = moments.elapsed(units) else { return }
      let line = text(units, bytes, after: elapsed / .seconds(1), remark)
      if Console.isTerminal { console.rewrite(line) } else { console.note(line) }
    }
  }

  /// Ends the line that the bar stood on, if it does.
  func finish() {
    let isShown = moments.withLock { moments in
      defer { moments.last = nil }
      return moments.last != nil
    }
    if isShown && Console.isTerminal && !console.quiet { console.note("") }
  }

  private func text(_ units: Share, _ bytes: Share?, after seconds: Double, _ remark: String)
    -> String
  {
    let (done, total) = (units.done, units.total)
    var parts = ["\(label): \(done)" + (total > 0 ? " of \(total)" : "") + " \(unit)"]
    if Console.isTerminal && total > 0 {
      let filled = min(20, done * 20 / max(total, 1))
      parts.insert(
        "[" + String(repeating: "#", count: filled)
          + String(repeating: "-", count: 20 - filled) + "]", at: 0)
    }
    let worked = Double(units.done - units.known)
    if seconds > 0, worked > 0 {
      let rate = worked / seconds
      parts.append(rate >= 10 ? "\(Int(rate))/s" : String(format: "%.2f/s", rate))
      if let bytes { parts.append(size(Double(bytes.done - bytes.known) / seconds) + "/s") }
      if total > done { parts.append("\(clock((bytes ?? units).left(after: seconds))) left") }
    }
    if units.known > 0 { parts.append("\(units.known) \(known)") }
    if !remark.isEmpty { parts.append(remark) }
    return parts.joined(separator: "  ")
  }
}

extension ProgressBar.Share {
  /// Seconds that the rest takes at the rate so far.
  fileprivate func left(after seconds: Double) -> Double {
    seconds * Double(total - done) / Double(max(done - known, 1))
  }
}

/// Bytes as `12 kB` or `3.4 MB`.
func size(_ bytes: Double) -> String {
  if bytes < 1e6 { return "\(Int(bytes / 1e3)) kB" }
  return bytes < 1e9
    ? String(format: "%.1f MB", bytes / 1e6) : String(format: "%.2f GB", bytes / 1e9)
}

/// Seconds as `1:05` or `2:00:10`.
func clock(_ seconds: Double) -> String {
  let whole = Int(min(seconds, 3_599_999).rounded(.up))
  let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
  return hours > 0
    ? String(format: "%d:%02d:%02d", hours, minutes, rest)
    : String(format: "%d:%02d", minutes, rest)
}
