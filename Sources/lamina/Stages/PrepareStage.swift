import Foundation
import Prepare
import SliceStore

/// Cuts a cohort into a slice store, with a bar; what was left out is said by name.
func prepareStage(
  _ cohort: String, into slices: String, recipe: PrepareRecipe,
  select: @escaping (CohortVolume) -> Bool = { _ in true }, console: Console
) throws -> PrepareReport {
  Interruption.listen()
  let bar = ProgressBar("prepare", unit: "volumes", console: console)
  let report = try prepareCohort(
    CohortStore(cohort), into: slices, recipe: recipe, select: select
  ) { progress in
    if Interruption.isRequested {
      throw Failure("Stopped; the same command goes on from here.")
    }
    bar.update(progress.done, of: progress.total, remark: "\(progress.slices) slices")
  }
  bar.finish()
  for refusal in report.refused { console.complain("\(refusal.reason)") }
  return report
}

/// What preparing came to, in a line.
func summary(of report: PrepareReport) -> String {
  let parts = SplitPart.allCases.map { "\(report.patients[$0] ?? 0) \($0.rawValue)" }
  return "prepare: \(report.slices) slices of \(report.volumes) volumes "
    + "(\(report.labelled) with labels), \(report.nearDuplicates) nearly the one before; patients: "
    + parts.joined(separator: ", ")
}
