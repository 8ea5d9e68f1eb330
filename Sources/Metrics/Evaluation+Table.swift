import Foundation

extension Evaluation {
  /// The scores as aligned columns of text: a line a case and class, then the means.
  ///
  /// A dash stands where there is no surface to measure from.
  public var table: String {
    let head = ["case", "class", "Dice", "HD95 mm", "ASSD mm", "volume ml", "error ml", "error %"]
    let lines = cases.flatMap { scan in scan.classes.map { row(scan.name, $0) } }
    return aligned([head] + lines, leading: 2) + "\n" + summaryTable
  }

  /// Means and standard deviations over the scans, by class, and of the scans' mean Dice.
  public var summaryTable: String {
    let head = ["mean ± sd of \(cases.count)", "Dice", "HD95 mm", "ASSD mm", "error ml"]
    let lines = classes.map { summary in
      [
        title(summary.label, summary.name), spread(summary.dice, 3), spread(summary.hd95, 2),
        spread(summary.assd, 2), spread(summary.volumeError, 2),
      ]
    }
    let overall = ["all classes", spread(meanDice, 3), "", "", ""]
    return aligned([head] + lines + [overall], leading: 1)
  }

  private func row(_ name: String, _ scores: ClassScores) -> [String] {
    [
      name, title(scores.label, scores.name), fixed(scores.dice, 3), fixed(scores.hd95, 2),
      fixed(scores.assd, 2), fixed(scores.volume, 2), fixed(scores.volumeError, 2),
      fixed(scores.relativeVolumeError.map { 100 * $0 }, 1),
    ]
  }
}

private func title(_ label: Int, _ name: String?) -> String { name ?? "\(label)" }

private func fixed(_ value: Double?, _ digits: Int) -> String {
  value.map { String(format: "%.\(digits)f", $0) } ?? "–"
}

private func spread(_ summary: Summary, _ digits: Int) -> String {
  guard let deviation = summary.deviation else { return fixed(summary.mean, digits) }
  return fixed(summary.mean, digits) + " ± " + fixed(deviation, digits)
}

/// Rows in columns two spaces apart: `leading` columns of words to the left, numbers to the right.
private func aligned(_ rows: [[String]], leading: Int) -> String {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    let cells = row.enumerated().map { column, text in
      let space = String(repeating: " ", count: widths[column] - text.count)
      return column < leading ? text + space : space + text
    }
    var line = cells.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }.joined()
}
