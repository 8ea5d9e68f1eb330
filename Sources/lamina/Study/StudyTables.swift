import Foundation
import Metrics
import Report
import SSL
import Segmentation

/// The figures of a study as tables and plots.
struct StudyTables {
  let recipe: StudyRecipe
  let results: [StudyCell: StudyResult]
  /// Arms whose decoder learned with the encoder.
  let withDecoder: Set<String>
  /// How many volumes 0 stands for.
  let all: Int
  /// The ranks of each pretrained arm.
  let spectra: [String: SpectrumReport]

  /// Everything, in Markdown.
  var markdown: String {
    let scores = recipe.modes.flatMap { mode in
      [
        "## \(title(mode)), Dice", table(scoreRows(mode) { $0.dice }),
        "## \(title(mode)), HD95 in mm", table(scoreRows(mode) { $0.hd95 }),
      ] + recipe.baselines.map { base in differences(mode, base) }
    }
    let ranks =
      spectra.isEmpty
      ? []
      : ["## Ranks", table([["arm"] + SpectrumReport.columns] + rankRows), verdicts]
    return (scores + ranks).filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  private func title(_ mode: FinetuneMode) -> String {
    switch mode {
    case .linear: "Linear evaluation"
    case .linearNetwork: "Linear evaluation of the whole network"
    case .full, .scratch: "Full fine-tuning"
    }
  }

  private func heading(_ count: Int) -> String { count == 0 ? "all (\(all))" : String(count) }

  /// Arms by labelled volumes: mean ± standard deviation over the choices of volumes and seeds.
  private func scoreRows(
    _ mode: FinetuneMode, _ figure: (StudyResult) -> Double?
  ) -> [[String]] {
    let rows = recipe.arms.compactMap { arm -> [String]? in
      let cells = recipe.volumes.map { count in
        spread(matching(arm, mode, count).compactMap(figure))
      }
      return cells.allSatisfy { $0 == "–" } ? nil : [arm] + cells
    }
    return [["labelled volumes"] + recipe.volumes.map(heading)] + rows
  }

  private func spread(_ values: [Double]) -> String {
    let summary = Summary(values)
    guard let mean = summary.mean else { return "–" }
    return String(format: "%.3f", mean)
      + (summary.deviation.map { String(format: " ± %.3f", $0) } ?? "")
  }

  private func matching(_ arm: String, _ mode: FinetuneMode, _ count: Int) -> [StudyResult] {
    let mode = mode.fitted(withDecoder: withDecoder.contains(arm))
    return results.values
      .filter { $0.cell.arm == arm && $0.cell.mode == mode && $0.cell.volumes == count }
      .sorted { ($0.cell.choice, $0.cell.seed) < ($1.cell.choice, $1.cell.seed) }
  }

  /// How each arm differs from one of them in points of Dice, with 95 % intervals.
  private func differences(_ mode: FinetuneMode, _ base: String) -> String {
    let rows = recipe.arms.filter { $0 != base }.compactMap { arm -> [String]? in
      let cells = recipe.volumes.map { difference(arm, base, mode, $0) }
      return cells.allSatisfy { $0 == nil } ? nil : [arm] + cells.map { $0 ?? "–" }
    }
    guard !rows.isEmpty else { return "" }
    return "## \(title(mode)), points of Dice above \(base)\n\n"
      + table([["labelled volumes"] + recipe.volumes.map(heading)] + rows)
  }

  private func difference(
    _ arm: String, _ base: String, _ mode: FinetuneMode, _ count: Int
  ) -> String? {
    // A baseline without pretraining has one fit for all seeds of the other.
    let theirs = Dictionary(grouping: matching(base, mode, count), by: \.cell.choice)
    let pairs = matching(arm, mode, count).compactMap { mine -> (StudyResult, StudyResult)? in
      let others = theirs[mine.cell.choice] ?? []
      let other = others.first { $0.cell.seed == mine.cell.seed } ?? others.first
      return other.map { (mine, $0) }
    }
    func scores(_ result: StudyResult) -> [Double] {
      result.cases.sorted { $0.name < $1.name }.map { 100 * $0.meanDice }
    }
    let found = PairedDifference(pairs.map { scores($0.0) }, minus: pairs.map { scores($0.1) })
    return found.map { String(format: "%+.1f (%+.1f … %+.1f)", $0.mean, $0.low, $0.high) }
  }

  private var rankRows: [[String]] {
    spectra.keys.sorted().flatMap { arm in (spectra[arm]?.rows ?? []).map { [arm] + $0 } }
  }

  private var verdicts: String {
    spectra.keys.sorted().map { "* `\($0)`: \(spectra[$0]?.verdict ?? "–")" }
      .joined(separator: "\n")
  }

  private func table(_ rows: [[String]]) -> String {
    let lines = rows.map { "| " + $0.joined(separator: " | ") + " |" }
    let rule = "|" + String(repeating: "---|", count: rows.first?.count ?? 0)
    return ([lines.first ?? "", rule] + lines.dropFirst()).joined(separator: "\n")
  }

  /// Dice over labelled volumes, a line an arm; all volumes stand at their number.
  func plot(_ mode: FinetuneMode) -> LinePlot {
    let lines = recipe.arms.compactMap { arm -> LinePlot.Line? in
      let points = recipe.volumes.compactMap { count -> (x: Double, y: Double)? in
        Summary(matching(arm, mode, count).map(\.dice)).mean.map {
          (x: log2(Double(count == 0 ? all : count)), y: $0)
        }
      }.sorted { $0.x < $1.x }
      return points.isEmpty ? nil : LinePlot.Line(arm, points)
    }
    return LinePlot(
      title(mode), x: "labelled volumes (log₂)", y: "Dice of the test volumes", lines)
  }
}
