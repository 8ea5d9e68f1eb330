import DICOM
import Foundation
import NIfTI

/// Reads the headers of found files through workers and keeps them in the ledger.
struct Scanner: Sendable {
  let ledger: Ledger
  let launch: WorkerLaunch
  let limits: WorkerLimits
  let workers: Int
  let run: Int
  /// Files that a worker gets in one request.
  private let batch = 64

  /// What was found in NIfTI files, by path, and what was refused. DICOM headers stay in the ledger.
  struct Result: Sendable {
    var nifti: [String: NIfTISummary] = [:]
    var refusals: [Refusal] = []
    var sound: [String] = []
    var others = 0
    var nonImages = 0
  }

  /// Scans what has changed since an earlier run. `tick` hears of files and bytes that are done.
  func scan(
    dicom: [FoundFile], perhaps: [FoundFile] = [], nifti: [FoundFile],
    tick: @escaping @Sendable (Int, Int) -> Void
  ) throws -> Result {
    let jobs =
      pieces(dicom, .dicom, isClaim: true) + pieces(perhaps, .dicom, isClaim: false)
      + pieces(nifti, .nifti, isClaim: true)
    let results = Locked(Result())
    try withWorkers(workers, launch, limits, jobs: jobs) { worker, job in
      let answers = try answers(worker, job)
      results.change { result in
        for (file, answer) in answers { add(file, answer, isClaim: job.isClaim, to: &result) }
      }
      tick(job.files.count, job.files.reduce(0) { $0 + $1.size })
    }
    return results.value
  }

  private struct Job: Sendable {
    var files: [FoundFile]
    var kind: ScanItem.Kind
    /// Whether the file says by name or content that it is of this kind.
    var isClaim: Bool
  }

  private func pieces(_ files: [FoundFile], _ kind: ScanItem.Kind, isClaim: Bool) -> [Job] {
    stride(from: 0, to: files.count, by: batch).map {
      Job(files: Array(files[$0..<min($0 + batch, files.count)]), kind: kind, isClaim: isClaim)
    }
  }

  private func answers(_ worker: Worker, _ job: Job) throws -> [(FoundFile, ScanAnswer)] {
    var answers = try ledger.known(job.files, run: run)
    let fresh = job.files.filter { answers[$0.path] == nil }
    let items = fresh.map {
      ScanItem(path: $0.path, kind: job.kind, partner: Sniff.voxels(of: $0.path))
    }
    try worker.scan(items) { item, answer in answers[item.path] = answer }
    try ledger.keep(
      fresh.compactMap { file in
        answers[file.path].flatMap { $0.isWorkers ? nil : (file, $0) }
      }, run: run)
    return job.files.compactMap { file in answers[file.path].map { (file, $0) } }
  }

  private func add(
    _ file: FoundFile, _ answer: ScanAnswer, isClaim: Bool, to result: inout Result
  ) {
    switch answer {
    case .dicom(let header):
      if header.nonImage != nil { result.nonImages += 1 }
      result.sound.append(file.path)
    case .nifti(let summary):
      result.nifti[file.path] = summary
      result.sound.append(file.path)
    case .refused(let fault):
      if !isClaim && fault.code == .notDICOM {
        result.others += 1
      } else {
        result.refusals.append(
          Refusal(fault.code, .file, name: file.path, sentence: fault.sentence))
      }
    }
  }
}

extension ScanAnswer {
  fileprivate var isWorkers: Bool {
    if case .refused(let fault) = self { return fault.isWorkers }
    return false
  }
}

/// A value that several threads change.
final class Locked<Value>: @unchecked Sendable {  // the value is only touched under the lock
  private let lock = NSLock()
  private var held: Value

  init(_ value: Value) { held = value }

  var value: Value { lock.withLock { held } }

  func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try lock.withLock { try body(&held) }
  }
}
