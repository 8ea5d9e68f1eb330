import Foundation
import SliceStore

extension IngestSession {
  /// Seals the store, with its own report in it, and returns that of this run.
  func finish() throws -> IngestReport {
    progress(IngestProgress(phase: .finishing, done: 0, total: 1, bytes: 0))
    var report = report.value
    report.volumes.sort { $0.id < $1.id }
    report.refusals.sort { ($0.name, $0.code.rawValue) < ($1.name, $1.code.rawValue) }
    try writeReport(try shareable(report))
    try writer.finish()
    progress(IngestProgress(phase: .finishing, done: 1, total: 1, bytes: 0))
    return report
  }

  /// What the store holds and what was ever refused, without a name in it.
  private func shareable(_ report: IngestReport) throws -> IngestReport {
    var shared = IngestReport()
    shared.volumes = try writer.ids.map { IngestReport.Row(try writer.record($0)) }
    shared.refused = try ledger.refusals().map { refusal in
      IngestReport.Refused(
        code: refusal.code, subject: refusal.subject,
        pseudonym: "x" + pseudonyms.digest(refusal.key).prefix(10),
        sentence: refusal.code.explanation, files: refusal.files)
    }.sorted { ($0.code.rawValue, $0.pseudonym) < ($1.code.rawValue, $1.pseudonym) }
    (shared.files, shared.bytes, shared.others) = (report.files, report.bytes, report.others)
    (shared.nonImages, shared.duplicates) = (report.nonImages, report.duplicates)
    return shared
  }

  private func writeReport(_ report: IngestReport) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeWhole([UInt8](try encoder.encode(report)) + [10], to: writer.path + "/report.json")
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
