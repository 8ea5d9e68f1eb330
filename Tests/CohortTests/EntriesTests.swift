import Cohort
import Foundation
import Testing

@Suite struct EntriesTests {
  /// A ledger in which so many files wait.
  private func waiting(_ count: Int, bytes: Int = 1) throws -> Ledger {
    let ledger = try Ledger(nil)
    let files = (0..<count).map {
      (
        FoundFile(path: "/scans/\(1_000_000 + $0)", relative: "", size: bytes, modified: 1),
        Sniff.dicom
      )
    }
    try ledger.sight(files, as: .image, run: 1)
    return ledger
  }

  private func pieces(of ledger: Ledger, workers: Int = 1) throws -> [[WaitingFile]] {
    var (pieces, all) = (WaitingPieces(in: ledger, workers: workers), [[WaitingFile]]())
    while let piece = try pieces.next() { all.append(piece) }
    return all
  }

  private func finding(_ file: WaitingFile) throws -> Finding {
    try Finding(file, .refused(Fault(.malformed, "why")))
  }

  @Test(arguments: [(1, 64), (400_000, 42), (40 << 20, 1)])
  func whatWaitsComesOnceInItsOrderAndInPieces(_ bytes: Int, _ most: Int) throws {
    for workers in [1, 3] {
      let all = try pieces(of: waiting(1300, bytes: bytes), workers: workers)
      #expect(all.map(\.count).max() == most)
      #expect(all.joined().map(\.path) == (0..<1300).map { "/scans/\(1_000_000 + $0)" })
    }
  }

  @Test(arguments: [1, 3])
  func whatSeveralThreadsFindIsAllInTheLedger(_ workers: Int) throws {
    let ledger = try waiting(3000)
    let (all, findings) = (try pieces(of: ledger), Entries<Finding>(in: ledger, workers: workers))
    let failures = Locked(0)
    DispatchQueue.concurrentPerform(iterations: all.count) { place in
      do {
        try findings.take(try all[place].map(finding))
      } catch {
        failures.change { $0 += 1 }
      }
    }
    try findings.finish()
    #expect(failures.value == 0)
    let counts = try ledger.rows("SELECT COUNT(*) AS n FROM files WHERE kind = 'refused'")
    #expect(counts == ["n=3000"])
    #expect(try ledger.waiting(after: "", limit: 1).isEmpty)
  }

  @Test(arguments: [1, 3])
  func aLedgerThatIsFullIsToldOf(_ workers: Int) throws {
    let ledger = try waiting(3000)
    let pages = try ledger.rows("PRAGMA page_count").joined().split(separator: "=").last
    try ledger.execute("PRAGMA max_page_count = \(pages ?? "0")")
    let findings = Entries<Finding>(in: ledger, workers: workers)
    #expect(throws: CohortError.self) {
      for piece in try pieces(of: ledger) { try findings.take(try piece.map(finding)) }
      try findings.finish()
    }
  }
}
