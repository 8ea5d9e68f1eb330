import Foundation

/// The files that wait in the ledger, in pieces of one request to a worker each.
///
/// They are taken from the ledger ahead, more at each time, since it may be busy when they are wanted;
/// where there are several workers, while those before them are being read.
package struct WaitingPieces: Sendable {
  let ledger: Ledger
  private let isBeside: Bool
  private var ahead: ArraySlice<WaitingFile> = []
  private var coming: Later<ArraySlice<WaitingFile>>?
  private var last = ""
  private var atOnce = 256
  private static let most = 2048
  /// Files of a piece, and about how many bytes they have at most: few enough that all workers are
  /// done at about the same time.
  private static let (batch, batchBytes) = (64, 16 << 20)

  package init(in ledger: Ledger, workers: Int = 1) {
    (self.ledger, isBeside) = (ledger, workers > 1)
  }

  /// The next piece; nil after the last.
  package mutating func next() throws -> [WaitingFile]? {
    if ahead.isEmpty { try refill() }
    var bytes = 0
    let piece = ahead.prefix(Self.batch).prefix { file in
      defer { bytes += file.size }
      return bytes < Self.batchBytes
    }
    ahead = ahead.dropFirst(piece.count)
    return piece.isEmpty ? nil : Array(piece)
  }

  /// Has the next ones at hand, where none are left.
  mutating func refill() throws {
    ahead = try coming?.value() ?? ledger.waiting(after: last, limit: atOnce)[...]
    (last, atOnce) = (ahead.last?.path ?? last, min(2 * atOnce, Self.most))
    guard isBeside, !ahead.isEmpty else { return coming = nil }
    coming = Later(beside: true) { [ledger, last, atOnce] in
      try ledger.waiting(after: last, limit: atOnce)[...]
    }
  }
}
