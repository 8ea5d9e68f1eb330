import Cohort
import Foundation
import Testing

@Suite struct RefusalCodeTests {
  /// The page that says what each code means.
  private var page: String {
    get throws {
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
      return try String(
        contentsOf: root.appendingPathComponent("docs/reference/ingest-report.md"), encoding: .utf8)
    }
  }

  @Test func thePageNamesEveryCodeWithItsMeaningAndWhatToDo() throws {
    let page = try page
    for code in RefusalCode.allCases {
      let row = "| `\(code.rawValue)` | \(code.explanation) | \(code.remedy) |"
      #expect(page.contains(row), "docs/reference/ingest-report.md lacks: \(row)")
    }
  }

  @Test func thePageNamesNoCodeThatThereIsNot() throws {
    let named = try page.split(separator: "\n").filter {
      $0.hasPrefix("| `") && $0.hasSuffix(". |")
    }
    .map { String($0.dropFirst(3).prefix { $0 != "`" }) }
    #expect(Set(named) == Set(RefusalCode.allCases.map(\.rawValue)))
  }
}
