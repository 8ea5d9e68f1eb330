import Foundation
import SliceStore

/// Joins stores that several machines made of one tree.
public enum Merge {
  /// Copies the volumes of `parts` into the store at `store`, and what their ledgers know into its
  /// ledger: the bytes are those that one ingest of the whole tree under the same key would have
  /// written.
  ///
  /// Throws ``CohortError`` when the parts have different keys or different volumes of one name, and
  /// `StoreError` when one is unfinished or damaged. Nothing is changed in the parts. After a kill it
  /// takes up where it stopped.
  public static func run(
    _ parts: [String], into store: String,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> IngestReport {
    let opened = try parts.map(Part.init)
    let key = try sharedKey(opened)
    try checkNames(opened)
    let writer = try CohortWriter(store)
    let ledger = try Ledger(Ledger.path(of: store))
    try ledger.set(key: key, named: store)
    var report = IngestReport()
    let total = opened.reduce(0) { $0 + $1.store.ids.count }
    for part in opened {
      try ledger.adopt(
        part.ledgerPath, unpacked: (Archives.root(of: part.path), Archives.root(of: store)))
      for id in part.store.ids {
        let isThere = writer.contains(id)
        try writer.adopt(id, from: part.store)
        var row = IngestReport.Row(try writer.record(id))
        (row.outcome, row.series) = (isThere ? .known : .taken, try ledger.description(of: id))
        report.add(row)
        progress(report.present, total)
      }
    }
    try keepRefusals(opened, in: ledger, of: store)
    let counts = try ledger.counts()
    try StoreReport.write(writer, ledger, Pseudonyms(key: key), counts)
    try writer.finish { [StoreReport.name] }
    try ledger.eachRefusal { report.add($0) }
    report.add(counts)
    report.sort()
    return report
  }

  private struct Part {
    let path: String
    let store: CohortStore
    let ledger: Ledger
    var ledgerPath: String { Ledger.path(of: path) }

    init(_ path: String) throws {
      self.path = path
      store = try CohortStore(path)
      let ledger = Ledger.path(of: path)
      guard access(ledger, F_OK) == 0 else { throw CohortError.missing(path: ledger) }
      self.ledger = try Ledger(ledger)
    }
  }

  private static func sharedKey(_ parts: [Part]) throws -> [UInt8] {
    let key = try parts[0].ledger.key(from: nil)
    for part in parts where try part.ledger.key(from: nil) != key {
      throw CohortError.key(
        path: part.ledgerPath,
        reason: "it is not that of \(parts[0].ledgerPath), so a patient has two pseudonyms; "
          + "ingest the parts anew with one --key")
    }
    return key
  }

  /// A series that was torn, or that changed between two ingests, is found before anything is copied.
  private static func checkNames(_ parts: [Part]) throws {
    var first: [String: Part] = [:]
    for part in parts {
      for id in part.store.ids {
        if let other = first[id], try other.store.digest(of: id) != part.store.digest(of: id) {
          throw CohortError.conflict(volume: id, parts: [other.path, part.path])
        }
        first[id] = part
      }
    }
  }

  /// A mask that found no volume may belong to another part: it stands refused if none has it.
  private static func keepRefusals(
    _ parts: [Part], in ledger: Ledger, of store: String
  ) throws {
    var unmatched: [String: (refusal: Refusal, parts: Int)] = [:]
    for part in parts {
      var refusals: [Refusal] = []
      let theirs = Archives.root(of: part.path)
      try part.ledger.eachRefusal { refusal in
        var refusal = refusal
        if refusal.name.hasPrefix(theirs) {
          refusal.name = Archives.root(of: store) + refusal.name.dropFirst(theirs.count)
        }
        if refusal.code == .labelUnmatched {
          unmatched[refusal.name] = (refusal, (unmatched[refusal.name]?.parts ?? 0) + 1)
        } else {
          refusals.append(refusal)
        }
      }
      try ledger.keep(refusals)
    }
    try ledger.keep(unmatched.values.filter { $0.parts == parts.count }.map(\.refusal))
  }
}
