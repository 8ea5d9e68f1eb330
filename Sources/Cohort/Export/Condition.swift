/// A condition on volumes: a field, how it is compared, and with what.
///
/// `=` asks for the whole text and `~` for a part of it, whatever the case; `!=` and `!~` for their
/// contrary. `>=` and `<=` compare dates, of which the beginning will do (`date>=2020`,
/// `date<=2021-03`), and numbers.
struct Condition {
  private enum Sign: String, CaseIterable {
    case notEqual = "!=", notPart = "!~", atLeast = ">=", atMost = "<=", equal = "=", part = "~"
  }

  private let field: @Sendable (CohortList.Entry) -> [String]
  private let isDate: Bool
  private let sign: Sign
  private let wanted: String

  /// Throws ``CohortError/condition(_:)`` for a text that is none.
  init(_ text: String) throws(CohortError) {
    guard let start = text.firstIndex(where: { "!=~<>".contains($0) }),
      let sign = Sign.allCases.first(where: { text[start...].hasPrefix($0.rawValue) }),
      let field = CohortList.fields[String(text[..<start])]
    else { throw .condition(text) }
    isDate = text[..<start] == "date"
    let value = text[start...].dropFirst(sign.rawValue.count).lowercased()
    (self.field, self.sign) = (field, sign)
    wanted = isDate ? value.filter { $0 != "-" } : value
    let isOrder = sign == .atLeast || sign == .atMost
    guard !isOrder || (isDate ? Int(wanted) != nil : Double(wanted) != nil) else {
      throw .condition(text)
    }
  }

  /// Whether some text of the field is as asked for; with `!=` and `!~`, whether none is.
  func holds(_ entry: CohortList.Entry) -> Bool {
    let texts = field(entry).map { $0.lowercased() }
    return switch sign {
    case .equal: texts.contains(wanted)
    case .notEqual: !texts.contains(wanted)
    case .part: texts.contains { $0.contains(wanted) }
    case .notPart: !texts.contains { $0.contains(wanted) }
    case .atLeast: texts.contains { isOrdered(wanted, $0) }
    case .atMost:
      texts.contains { isOrdered(isDate ? String($0.prefix(wanted.count)) : $0, wanted) }
    }
  }

  private func isOrdered(_ a: String, _ b: String) -> Bool {
    if isDate { return a <= b }
    guard let a = Double(a), let b = Double(b) else { return false }
    return a <= b
  }
}

extension CohortList {
  /// The entries that meet every one of `conditions`; see the fields and signs in
  /// `docs/how-to/select.md`. Throws ``CohortError/condition(_:)`` for a condition that is none.
  public func filtered(by conditions: [String]) throws -> CohortList {
    let all = try conditions.map { try Condition($0) }
    var list = self
    list.entries.removeAll { entry in !all.allSatisfy { $0.holds(entry) } }
    return list
  }

  /// What can be asked for; the second half only where the ledger is at hand.
  static let fields: [String: @Sendable (Entry) -> [String]] = [
    "id": { [$0.volume.id] },
    "patient": { [$0.volume.patient] + one($0.identity?.patient) },
    "modality": { one($0.volume.modality) },
    "source": { [$0.volume.source] },
    "label": { $0.volume.labels + ($0.identity?.structures?.values.sorted() ?? []) },
    "flag": { $0.volume.flags },
    "slices": { $0.volume.size.count > 2 ? [String($0.volume.size[2])] : [] },
    "times": { [String($0.volume.leading)] },
    "name": { one($0.identity?.patientName) },
    "description": { one($0.identity?.seriesDescription) },
    "protocol": { one($0.identity?.protocolName) },
    "study": { one($0.identity?.studyDescription) },
    "date": { one($0.identity?.studyDate) },
    "part": { one($0.identity?.part) },
    "uid": { one($0.identity?.seriesUID) },
    "path": { one($0.identity?.source) },
  ]

  private static func one(_ text: String?) -> [String] { text.map { [$0] } ?? [] }
}
