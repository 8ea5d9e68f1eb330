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
  /// Files that a worker gets in one request, and about how many bytes they have at most: few
  /// enough that all workers are done at about the same time.
  private static let (batch, batchBytes) = (64, 16 << 20)

  /// Scans what waits. `tick` hears of files and bytes that are done; what is returned are faults of
  /// workers, which are not kept: the files wait again in the next run.
  func scan(tick: @escaping @Sendable (Int, Int) -> Void) throws -> [Refusal] {
    let failures = Locked([Refusal]())
    let pending = Locked(Pending())
    try eachPiece { worker, files in
      let (answers, failed) = try answer(worker, files)
      failures.change { $0 += failed }
      try ledger.keep(pending.change { $0.take(answers) })
      tick(files.count, files.reduce(0) { $0 + $1.size })
    }
    try ledger.keep(pending.value.answers)
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
      try worker.scan(items) { item, answer in
        guard case .dicom(let header) = answer else { return }
        owners.append((item.path, header.identity.seriesInstanceUID, patient(header)))
      }
      try ledger.keep(owners: owners)
    }
  }

  private func eachPiece(
    _ body: @escaping @Sendable (Worker, [WaitingFile]) throws -> Void
  ) throws {
    let last = Locked("")
    let next = { @Sendable in
      try last.change { last -> [WaitingFile]? in
        let files = Self.piece(try ledger.waiting(after: last, limit: Self.batch))
        last = files.last?.path ?? last
        return files.isEmpty ? nil : files
      }
    }
    try pool.run(next: next, body)
  }

  /// The first of some files, up to so many bytes.
  private static func piece(_ files: [WaitingFile]) -> [WaitingFile] {
    var bytes = 0
    return Array(
      files.prefix { file in
        defer { bytes += file.size }
        return bytes < batchBytes
      })
  }

  private func answer(
    _ worker: Worker, _ files: [WaitingFile]
  ) throws -> (answers: [(file: WaitingFile, answer: ScanAnswer)], failed: [Refusal]) {
    var answers: [(file: WaitingFile, answer: ScanAnswer)] = []
    var failed: [Refusal] = []
    let items = files.map {
      ScanItem(
        path: $0.path, kind: $0.claim == .nifti ? .nifti : .dicom,
        partner: Sniff.voxels(of: $0.path))
    }
    try worker.scan(items) { item, answer in
      if case .refused(let fault) = answer, fault.isWorkers {
        failed.append(Refusal(fault.code, .file, name: item.path, sentence: fault.sentence))
      } else {
        answers.append((files[answers.count + failed.count], answer.placed))
      }
    }
    return (answers, failed)
  }
}

/// Answers on their way into the ledger, many in one transaction.
private struct Pending {
  private(set) var answers: [(file: WaitingFile, answer: ScanAnswer)] = []
  private var planes = 0
  /// Answers of one transaction, and the images in them.
  private static let (most, mostPlanes) = (1024, 8192)

  /// Takes more, and gives all of them back when they are enough.
  mutating func take(
    _ more: [(file: WaitingFile, answer: ScanAnswer)]
  ) -> [(file: WaitingFile, answer: ScanAnswer)] {
    answers += more
    planes += more.reduce(0) { $0 + $1.answer.planes }
    guard answers.count >= Self.most || planes >= Self.mostPlanes else { return [] }
    defer { self = Pending() }
    return answers
  }
}

extension ScanAnswer {
  /// How many images it tells of.
  fileprivate var planes: Int {
    if case .dicom(let header) = self { return header.planes.count }
    return 1
  }

  /// An image without a series can be part of none.
  fileprivate var placed: ScanAnswer {
    guard case .dicom(let header) = self, header.nonImage == nil,
      (header.identity.seriesInstanceUID ?? "").isEmpty
    else { return self }
    return .refused(Fault(.malformed, "it has no SeriesInstanceUID"))
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
