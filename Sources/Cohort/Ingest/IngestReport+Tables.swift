extension IngestReport {
  /// The volumes by series as rows of a table, its heading first: like ones counted together, the
  /// most frequent first.
  public var seriesRows: [[String]] {
    [["series", "kind", "voxels", "mm", "volumes", "labels", "flags"]]
      + seriesCounts.map { series, count in
        [
          series.description.isEmpty ? "–" : series.description, series.modality ?? "–",
          series.size.map(String.init).joined(separator: "×"),
          series.spacing.map { "\($0)" }.joined(separator: "×"), "\(count)",
          series.labels.isEmpty ? "–" : series.labels.joined(separator: ","),
          series.flags.isEmpty ? "–" : series.flags.joined(separator: ","),
        ]
      }
  }

  private var seriesCounts: [(series: Series, count: Int)] {
    series.sorted {
      ($1.value, $0.key.description, "\($0.key)") < ($0.value, $1.key.description, "\($1.key)")
    }.map { ($0.key, $0.value) }
  }

  /// The reasons for refusals, the most frequent first.
  public var reasonList: [Reason] {
    reasons.values.sorted { ($1.count, $0.code.rawValue) < ($0.count, $1.code.rawValue) }
  }

  /// The reasons as rows of a table, its heading first; empty when there are none.
  public var reasonRows: [[String]] {
    guard !reasons.isEmpty else { return [] }
    return [["refused", "files", "reason", "for example", "what to do"]]
      + reasonList.map {
        ["\($0.count)", "\($0.files)", $0.code.rawValue, $0.example ?? "–", $0.code.remedy]
      }
  }

  /// The refusals as rows of a table, its heading first; empty when there are none.
  public var refusalRows: [[String]] {
    guard !refusals.isEmpty else { return [] }
    return [["refused", "reason", "why"]]
      + refusals.map { [$0.name, $0.code.rawValue, $0.sentence] }
  }

  /// The whole in a sentence.
  public var summary: String {
    var parts = ["\(taken) volume\(taken == 1 ? "" : "s") taken"]
    func add(_ count: Int, _ what: String) { if count > 0 { parts.append("\(count) \(what)") } }
    add(replaced, "replaced by what has changed or grown")
    add(removed, "gone into others")
    add(known, "already stored")
    if isPartial {
      let words = reasonList.map { "\($0.count) \($0.code.rawValue)" }.joined(separator: ", ")
      parts.append("\(refused) refused (\(words))")
    }
    add(duplicates, "copies passed over")
    add(nonImages, "non-image objects")
    add(others, "other files")
    return parts.joined(separator: ", ") + "."
  }
}

extension IngestReport: Encodable {
  private enum Key: String, CodingKey {
    case volumes, series, refusals, reasons, taken, replaced, known, removed, refused
    case duplicates, files, bytes, nonImages, others
  }

  /// Series and reasons are lists, in the order of the tables.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(volumes, forKey: .volumes)
    try object.encode(seriesCounts.map { Counted(series: $0, volumes: $1) }, forKey: .series)
    try object.encode(refusals, forKey: .refusals)
    try object.encode(reasonList, forKey: .reasons)
    for (key, count) in [
      (Key.taken, taken), (.replaced, replaced), (.known, known), (.removed, removed),
      (.refused, refused), (.duplicates, duplicates), (.files, files), (.bytes, bytes),
      (.nonImages, nonImages), (.others, others),
    ] {
      try object.encode(count, forKey: key)
    }
  }
}

private struct Counted: Encodable {
  var series: IngestReport.Series
  var volumes: Int
}
