/// The files that wait in the ledger, in pieces of one request to a worker each.
///
/// They are taken from the ledger ahead, more at each time, since it may be busy when they are wanted.
package struct WaitingPieces {
  let ledger: Ledger
  private var ahead: ArraySlice<WaitingFile> = []
  private var last = ""
  private var atOnce = 256
  private static let most = 4096
  /// Files of a piece, and about how many bytes they have at most: few enough that all workers are
  /// done at about the same time.
  private static let (batch, batchBytes) = (64, 16 << 20)

  package init(in ledger: Ledger) { self.ledger = ledger }

  /// The next piece; nil after the last.
  package mutating func next() throws -> [WaitingFile]? {
    if ahead.isEmpty {
      ahead = try ledger.waiting(after: last, limit: atOnce)[...]
      (last, atOnce) = (ahead.last?.path ?? last, min(2 * atOnce, Self.most))
    }
    var bytes = 0
    let piece = ahead.prefix(Self.batch).prefix { file in
      defer { bytes += file.size }
      return bytes < Self.batchBytes
    }
    ahead = ahead.dropFirst(piece.count)
    return piece.isEmpty ? nil : Array(piece)
  }
}
