import Foundation
import SliceStore

extension IngestSession {
  /// Seals the store, with its own report in it, and returns that of this run.
  func finish() throws -> IngestReport {
    progress(IngestProgress(phase: .finishing, done: 0, total: 1, bytes: 0))
    let counted = Later(beside: pool.count > 1) { [self] in
      let counts = try ledger.counts(run: run)
      try StoreReport.write(writer, ledger, pseudonyms, counts.all)
      return counts.ofRun
    }
    var counts = FileCounts()
    try writer.finish {
      counts = try counted.value()
      return [StoreReport.name]
    }
    progress(IngestProgress(phase: .finishing, done: 1, total: 1, bytes: 0))
    var report = report.value
    report.add(counts)
    report.sort()
    return report
  }
}

/// Writes a file under another name, makes it durable, and renames it.
func writeWhole(_ bytes: [UInt8], to path: String) throws(CohortError) {
  let draft = path + ".writing"
  func fail() -> CohortError {
    .unwritable(path: path, reason: String(cString: strerror(errno)))
  }
  let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard file >= 0 else { throw fail() }
  var written = 0
  while written < bytes.count {
    let put = bytes.withUnsafeBytes { write(file, $0.baseAddress! + written, $0.count - written) }
    if put < 0 && errno == EINTR { continue }
    guard put > 0 else {
      close(file)
      throw fail()
    }
    written += put
  }
  guard fsync(file) == 0, close(file) == 0, rename(draft, path) == 0 else { throw fail() }
}
