import Cohort
import Foundation
import SliceStore

/// Takes scans into a cohort store, with a bar for each phase.
func ingestStage(
  _ paths: [String], into store: String, recipe: IngestRecipe, console: Console
) throws -> IngestReport {
  let looking = ProgressBar("look", unit: "files", console: console)
  let scanning = ProgressBar("scan", unit: "files", console: console)
  let reading = ProgressBar("read", unit: "files", console: console)
  let report = try Ingest.run(paths, into: store, recipe: recipe) { progress in
    switch progress.phase {
    case .looking: looking.update(progress.done, of: progress.total)
    case .scanning:
      looking.finish()
      scanning.update(
        ProgressBar.Share(done: progress.done, total: progress.total),
        bytes: ProgressBar.Share(done: progress.bytes, total: progress.totalBytes),
        remark: progress.known > 0 ? "beside \(progress.known) known" : "")
    case .reading:
      scanning.finish()
      reading.update(
        ProgressBar.Share(done: progress.done, total: progress.total, known: progress.known),
        bytes: ProgressBar.Share(
          done: progress.bytes, total: progress.totalBytes, known: progress.knownBytes))
    default: break
    }
  }
  reading.finish()
  return report
}

/// What an ingest came to: series and refusals in tables, counts in a sentence.
func show(_ report: IngestReport, volumes: Bool, console: Console) {
  if volumes, !console.quiet, !report.volumes.isEmpty {
    console.note(shortened(report.seriesRows, "lamina list shows all."))
  }
  if report.isPartial {
    console.note(shortened(report.refusalRows, "the ledger and report.json have all.", most: 20))
    console.note(Table(rows: report.reasonRows).text)
  }
  console.note("ingest: \(report.summary)")
}

/// The exit code that a report calls for, as the error that gives it: nothing for 0, 3 when some
/// inputs were refused, 1 when there is no volume at all.
func outcome(_ report: IngestReport, of paths: [String], in store: String) -> (any Error)? {
  if report.present == 0 {
    let what = report.isPartial ? "\(report.refused) inputs were refused" : "no scan was found"
    return Failure("\(paths.first ?? store): \(what), so nothing was taken.")
  }
  guard report.isPartial else { return nil }
  return SomeRefused(
    description: "\(report.refused) inputs were refused; the rest is in \(store).")
}

/// The first rows of a table that may have a row for each of thousands.
private func shortened(_ rows: [[String]], _ elsewhere: String, most: Int = 60) -> String {
  let table = Table(rows: Array(rows.prefix(most + 1))).text
  return rows.count <= most + 1
    ? table : table + "\n… and \(rows.count - 1 - most) more; \(elsewhere)"
}
