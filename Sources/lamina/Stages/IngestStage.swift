import Cohort
import Foundation
import SliceStore

/// Takes scans into a cohort store, with a bar for each phase.
func ingestStage(
  _ paths: [String], into store: String, recipe: IngestRecipe, console: Console
) throws -> IngestReport {
  let scanning = ProgressBar("scan", unit: "files", console: console)
  let reading = ProgressBar("read", unit: "volumes", console: console)
  let report = try Ingest.run(paths, into: store, recipe: recipe) { progress in
    let megabytes = "\(progress.bytes >> 20) MiB"
    switch progress.phase {
    case .scanning: scanning.update(progress.done, of: progress.total, remark: megabytes)
    case .reading: reading.update(progress.done, of: progress.total, remark: megabytes)
    default: break
    }
  }
  scanning.finish()
  return report
}

/// What an ingest came to: refusals in a table, counts in a sentence.
func show(_ report: IngestReport, volumes: Bool, console: Console) {
  if volumes, !console.quiet, !report.volumes.isEmpty {
    console.note(shortened(report.seriesRows, "lamina list shows all."))
  }
  if !report.refusals.isEmpty {
    console.note(shortened(report.refusalRows, "report.json in the store has all."))
  }
  console.note("ingest: \(report.summary)")
}

/// The first rows of a table that may have a row for each of thousands.
private func shortened(_ rows: [[String]], _ elsewhere: String, most: Int = 60) -> String {
  let table = Table(rows: Array(rows.prefix(most + 1))).text
  return rows.count <= most + 1
    ? table : table + "\n… and \(rows.count - 1 - most) more; \(elsewhere)"
}
