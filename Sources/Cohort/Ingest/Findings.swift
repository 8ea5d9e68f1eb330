import Foundation

/// What was found in a file, packed as the ledger keeps it.
package struct Finding: Sendable {
  let path: String
  let kind: FileKind
  /// Series Instance UID; empty for what has none, nil for what is no DICOM file.
  let series: String?
  /// The packed answer; nil where nothing of it is kept.
  let body: [UInt8]?
  /// How many images it tells of.
  let planes: Int

  /// `packed` is the answer as it came from the worker, where it is not to be packed anew.
  package init(_ file: WaitingFile, _ answer: ScanAnswer, packed: [UInt8]? = nil) throws {
    let isOther = answer.isNotDICOM && file.claim == .perhaps
    path = file.path
    kind = isOther ? .other : answer.kind
    series = answer.seriesUID
    body = isOther ? nil : try packed ?? Array(Frames.encode(answer).dropFirst(4))
    if case .dicom(let header) = answer { planes = header.planes.count } else { planes = 1 }
  }
}

/// Findings on their way into the ledger, many in one transaction.
///
/// The ledger is one thread's at a time. Where there are several workers, findings are written beside
/// what they go on with: some hundred, and what has come meanwhile; else many at once, by the thread
/// that brings them.
package final class Findings: @unchecked Sendable {  // all state under the lock
  private let ledger: Ledger
  private let isBeside: Bool
  private let lock = NSCondition()
  private var waiting: [Finding] = []
  private var planes = 0
  private var isWriting = false
  private var failure: (any Error)?
  /// Findings of one transaction, and the images in them.
  private let most, mostPlanes: Int

  package init(for ledger: Ledger, workers: Int) {
    (self.ledger, isBeside) = (ledger, workers > 1)
    (most, mostPlanes) = isBeside ? (256, 2048) : (1024, 8192)
  }

  /// Takes more, and sees that they are written where they are enough. A writer that falls behind is
  /// waited for.
  package func take(_ more: [Finding]) throws {
    lock.lock()
    defer { lock.unlock() }
    while isWriting && isEnough(16) { lock.wait() }
    if let failure { throw failure }
    waiting += more
    planes += more.reduce(0) { $0 + $1.planes }
    guard isEnough(1), !isWriting else { return }
    isWriting = true
    if isBeside {
      DispatchQueue.global().async { [self] in lock.withLock { write() } }
    } else {
      write()
      if let failure { throw failure }
    }
  }

  /// Writes what is left, when no thread takes any more.
  package func finish() throws {
    lock.lock()
    defer { lock.unlock() }
    while isWriting { lock.wait() }
    write(least: 0)
    if let failure { throw failure }
  }

  private func isEnough(_ times: Int) -> Bool {
    waiting.count >= times * most || planes >= times * mostPlanes
  }

  /// Writes as long as there is enough, the lock open meanwhile.
  private func write(least: Int = 1) {
    while failure == nil, !waiting.isEmpty, isEnough(least) {
      let all = waiting
      (waiting, planes) = ([], 0)
      lock.unlock()
      let result = Result { try ledger.keep(all) }
      lock.lock()
      if case .failure(let error) = result { failure = error }
    }
    isWriting = false
    lock.broadcast()
  }
}

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
