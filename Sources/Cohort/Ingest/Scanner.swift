import DICOM
import Foundation
import NIfTI

/// Reads the headers of the files that wait in the ledger, through workers, and keeps them there.
///
/// Nothing is held that grows with the number of files: workers take them from the ledger, a piece
/// at a time, and their answers go back into it.
struct Scanner: Sendable {
  let ledger: Ledger
  let pool: WorkerPool

  /// Scans what waits. `tick` hears of files and bytes that are done; what is returned are faults of
  /// workers, which are not kept: the files wait again in the next run.
  func scan(tick: @escaping @Sendable (Int, Int) -> Void) throws -> [Refusal] {
    let failures = Locked([Refusal]())
    let findings = Entries<Finding>(in: ledger, workers: pool.count)
    let scanned = Result {
      try eachPiece { worker, files in
        let (found, failed) = try answer(worker, files)
        failures.change { $0 += failed }
        try findings.take(found)
        tick(files.count, files.reduce(0) { $0 + $1.size })
      }
    }
    try findings.finish()  // nothing is written to the ledger once its store's lock is let go
    try scanned.get()
    return failures.value.sorted { $0.name < $1.name }
  }

  /// Finds out whom the DICOM files that wait belong to, without reading their pixels.
  func identify(_ patient: @escaping @Sendable (DICOMHeader) -> String) throws {
    try eachPiece { worker, files in
      let items = files.filter { $0.claim != .nifti }.map {
        var item = ScanItem(path: $0.path, kind: .dicom, partner: nil)
        item.withPixels = false
        return item
      }
      var owners: [(path: String, series: String?, owner: String)] = []
      try worker.scan(items) { item, answer, _ in
        guard case .dicom(let header) = answer else { return }
        owners.append((item.path, header.identity.seriesInstanceUID, patient(header)))
      }
      try ledger.keep(owners: owners)
    }
  }

  private func eachPiece(
    _ body: @escaping @Sendable (Worker, [WaitingFile]) throws -> Void
  ) throws {
    let pieces = Locked(WaitingPieces(in: ledger, workers: pool.count))
    try pieces.change { try $0.refill() }
    // Workers have work while what was sighted goes to the disk, and again while what they find does.
    ledger.commit()
    if pool.count > 1 { ledger.gather() }
    try pool.run(next: { try pieces.change { try $0.next() } }, body)
  }

  private func answer(
    _ worker: Worker, _ files: [WaitingFile]
  ) throws -> (found: [Finding], failed: [Refusal]) {
    var found: [Finding] = []
    var failed: [Refusal] = []
    let items = files.map {
      ScanItem(
        path: $0.path, kind: $0.claim == .nifti ? .nifti : .dicom,
        partner: $0.claim == .nifti ? Sniff.voxels(of: $0.path) : nil)
    }
    try worker.scan(items) { item, answer, packed in
      if case .refused(let fault) = answer, fault.isWorkers {
        failed.append(Refusal(fault.code, .file, name: item.path, sentence: fault.sentence))
        return
      }
      let file = files[found.count + failed.count]
      found.append(
        try answer.misplaced.map { try Finding(file, $0) }
          ?? Finding(file, answer, packed: packed))
    }
    return (found, failed)
  }
}

extension ScanAnswer {
  /// What stands for an image without a series, which can be part of none.
  fileprivate var misplaced: ScanAnswer? {
    guard case .dicom(let header) = self, header.nonImage == nil,
      (header.identity.seriesInstanceUID ?? "").isEmpty
    else { return nil }
    return .refused(
      Fault(.malformed, "it has no SeriesInstanceUID, nor a FrameOfReferenceUID to go by"))
  }
}

/// A value that several threads change; it is only touched under the lock.
package final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var held: Value

  package init(_ value: Value) { held = value }

  package var value: Value { lock.withLock { held } }

  package func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try lock.withLock { try body(&held) }
  }
}
