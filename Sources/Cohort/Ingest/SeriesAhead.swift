/// The series that a run has seen images of, in their order, each with its files.
///
/// Where there are several workers, the files of the next one are gathered while those before it are
/// read, since the ledger may be busy when they are wanted.
struct SeriesAhead: Sendable {
  /// A series, and its files when they have been gathered.
  struct Series: Sendable {
    let uid: String
    let files: Later<SeriesAtHand>
  }

  private let session: IngestSession
  private var uids: ArraySlice<String> = []
  private var last = ""
  private var coming: Series?
  /// UIDs that are taken from the ledger at a time.
  private static let atOnce = 32

  init(_ session: IngestSession) { self.session = session }

  /// The next series; nil after the last.
  mutating func next() throws -> Series? {
    guard let series = try coming ?? begin() else { return nil }
    coming = session.pool.count > 1 ? try begin() : nil
    return series
  }

  private mutating func begin() throws -> Series? {
    if uids.isEmpty {
      uids = try session.ledger.series(after: last, run: session.run, limit: Self.atOnce)[...]
      last = uids.last ?? last
    }
    return uids.popFirst().map { uid in
      Series(
        uid: uid,
        files: Later(beside: session.pool.count > 1) { [session] in try session.atHand(uid) })
    }
  }
}
