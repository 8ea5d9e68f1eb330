import Foundation
import SliceStore
import Zarr

/// `report.json` in a store: what the store holds and what was ever refused, without a name.
///
/// It says what store and ledger say, and nothing of how they came about, so that one run, several,
/// and parts that were merged leave the same bytes. It is written row by row.
enum StoreReport {
  /// Something that was refused.
  struct Refused: Encodable, Comparable {
    /// The reason as a stable word.
    var code: RefusalCode
    /// How many files were lost.
    var files: Int
    /// A keyed name under which the ledger's holder finds what it was.
    var pseudonym: String
    /// `file`, `series`, `label` or `folder`.
    var subject: Refusal.Subject

    static func < (a: Refused, b: Refused) -> Bool {
      (a.code.rawValue, a.pseudonym) < (b.code.rawValue, b.pseudonym)
    }
  }

  /// All that goes for a reason.
  struct Reason: Encodable {
    var code: RefusalCode
    var count: Int
    var explanation: String
    var files: Int
    var remedy: String
  }

  /// In the store's folder.
  static let name = "report.json"

  /// Writes it, durably where the store is finished and stays so; else it becomes durable with the store.
  static func write(
    _ writer: CohortWriter, _ ledger: Ledger, _ pseudonyms: Pseudonyms, _ counts: FileCounts
  ) throws {
    let (refused, reasons) = try refusals(ledger, pseudonyms)
    var file = try JSONText(writer.path + "/" + name)
    try file.write("{\n  \"bytes\": \(counts.bytes),\n  \"duplicates\": \(counts.copies),\n")
    try file.write("  \"files\": \(counts.all),\n")
    try file.write("  \"nonImages\": \(counts.files[.nonImage] ?? 0),\n")
    try file.write("  \"others\": \(counts.files[.other] ?? 0),\n")
    try file.write(list: "reasons", reasons) { $0 }
    try file.write(",\n")
    try file.write(list: "refused", refused) { $0 }
    try file.write(",\n")
    try file.write(list: "volumes", writer.ids) { IngestReport.Row(try writer.record($0)) }
    try file.write("\n}\n")
    try file.commit(syncing: writer.isFinished)
  }

  private static func refusals(
    _ ledger: Ledger, _ pseudonyms: Pseudonyms
  ) throws -> (refused: [Refused], reasons: [Reason]) {
    var report = IngestReport()
    var refused: [Refused] = []
    let names = ArchiveNames(ledger)
    try ledger.eachRefusal { refusal in
      report.add(refusal)
      refused.append(
        Refused(
          code: refusal.code, files: refusal.files,
          pseudonym: "x" + pseudonyms.digest(names.shown(refusal.key)).prefix(10),
          subject: refusal.subject))
    }
    let reasons = report.reasonList.map {
      Reason(
        code: $0.code, count: $0.count, explanation: $0.code.explanation, files: $0.files,
        remedy: $0.code.remedy)
    }
    return (refused.sorted(), reasons)
  }
}

/// Text on its way into a file, some thousand bytes at a time.
private struct JSONText {
  private let file: DurableFile
  private var buffer: [UInt8] = []

  init(_ path: String) throws { file = try DurableFile(path) }

  /// `"name": [` and an entry a line.
  mutating func write<Entry>(
    list name: String, _ entries: [Entry], _ row: (Entry) throws -> some Encodable
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try write("  \"\(name)\": [")
    for (place, entry) in entries.enumerated() {
      try write(place == 0 ? "\n    " : ",\n    ")
      try write(String(decoding: try encoder.encode(try row(entry)), as: UTF8.self))
    }
    try write(entries.isEmpty ? "]" : "\n  ]")
  }

  mutating func write(_ text: String) throws {
    buffer += text.utf8
    guard buffer.count >= 1 << 16 else { return }
    try file.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  func commit(syncing: Bool) throws {
    try file.write(buffer)
    try file.commit(syncing: syncing)
  }
}
