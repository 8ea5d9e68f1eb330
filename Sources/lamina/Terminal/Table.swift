/// Rows of text in columns: the first row names them, numbers stand to the right.
struct Table {
  private let rows: [[String]]

  /// A row is a line, and a cell no column more, whatever the texts hold.
  init(rows: [[String]]) {
    self.rows = rows.map { row in
      row.map { cell in
        guard cell.unicodeScalars.contains(where: Self.divides) else { return cell }
        return String(
          String.UnicodeScalarView(
            cell.unicodeScalars.map { Self.divides($0) ? "\u{FFFD}" : $0 }))
      }
    }
  }

  private static func divides(_ scalar: Unicode.Scalar) -> Bool {
    [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029].contains(scalar.value)
  }

  /// The columns set side by side, two spaces apart.
  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    let numeric = (0..<columns).map { column in
      rows.dropFirst().allSatisfy { column >= $0.count || isNumber($0[column]) }
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return numeric[column] ? space + cell : cell + space
      }.joined(separator: "  ").trimmingEnd()
    }.joined(separator: "\n")
  }

  private func isNumber(_ cell: String) -> Bool {
    cell.isEmpty || cell == "–" || Double(cell) != nil
  }
}

extension String {
  fileprivate func trimmingEnd() -> String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
