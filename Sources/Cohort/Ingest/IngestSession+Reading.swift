import DICOM
import Foundation
import Imaging
import SliceStore

/// A piece of work for one worker.
private enum Job: Sendable {
  case series(SeriesAhead.Series)
  case nifti(PlannedVolume)
  /// A volume of the store that gets masks; its source is not at hand.
  case stored(String)
}

extension IngestSession {
  /// Reads every volume that the store does not have yet, and writes it there.
  func read(_ scan: Scan, _ assigned: [String: [AssignedMask]]) throws {
    let summaries = scan.summaries
    let tally = try Tally(self, scan, Set(assigned.keys))
    // Asked for once: a series would wait until the ledger has what is new of those before it.
    let wereRefused = try ledger.hasRefusals(.series)
    let waiting = Locked((series: SeriesAhead(self), nifti: scan.nifti[...]))
    let next = { @Sendable in
      try waiting.change {
        try $0.series.next().map(Job.series) ?? $0.nifti.popFirst().map(Job.nifti)
      }
    }
    try pool.run(next: next, isLast: assigned.isEmpty) { worker, job in
      switch job {
      case .series(let series):
        try take(series, wereRefused: wereRefused, assigned, worker) { outcomes in
          try tally.add(outcomes, of: ledger.images(series: series.uid, run: run))
        }
      case .nifti(let plan):
        ledger.commit()
        let masks = masks(of: plan, assigned, summaries)
        let end = try take(plan, masks: masks, worker)
        try Crew.atTheEnd(on: worker) {
          tally.add([(plan.identity.id, try end())], of: (plan.paths.count, plan.bytes))
        }
      case .stored: break
      }
    }
    ledger.commit()
    let rest = assigned.keys.filter { !tally.has($0) }.sorted()
    try pool.run(jobs: rest.map(Job.stored)) { worker, job in
      guard case .stored(let id) = job else { return }
      let names = GivenNames(of: try ledger.volume(id))
      try addMasks(names.allowed(assigned[id] ?? []), to: id, worker)
      try note(writer.record(id), .known, nil)
    }
  }

  private typealias Outcomes = [(id: String, outcome: IngestReport.Outcome?)]

  /// What is left to do of a volume whose voxels are written; says what became of it, nil where it
  /// was refused.
  private typealias Ending = @Sendable () throws -> IngestReport.Outcome?

  /// Takes the volumes of a series; stacks that are none are refused. `tell` hears of what became of
  /// them, when all is done. Earlier runs may have refused it only if series `wereRefused` at all.
  private func take(
    _ series: SeriesAhead.Series, wereRefused: Bool, _ assigned: [String: [AssignedMask]],
    _ worker: Worker, _ tell: @escaping @Sendable (Outcomes) throws -> Void
  ) throws {
    let files: SeriesAtHand
    do {
      files = try series.files.value()
    } catch SeriesAtHand.Trouble.nothingNew(let ids) {
      ledger.commit()
      for id in ids {
        try addMasks(assigned[id] ?? [], to: id, worker)
        try note(writer.record(id), .known, nil)
      }
      return try tell(ids.map { ($0, .known) })
    } catch SeriesAtHand.Trouble.refused(let refusal) {
      try refuse(refusal)
      return try tell([])
    }
    let grouping = DICOMSeries.group(files.headers, policy: policy)
    ledger.commit()  // the next series is at hand, or about to be
    if wereRefused { try ledger.withdraw(.series, files.headers.map(\.identity.path)) }
    for refusal in grouping.refused {
      let fault = Fault(refusal.error)
      try refuse(
        Refusal(
          fault.code, .series, name: refusal.paths.min() ?? refusal.seriesUID,
          sentence: fault.sentence, files: refusal.paths.count))
    }
    try ledger.mark(copies: grouping.notes.map(\.path).filter { !files.copies.contains($0) })
    let plans = try grouping.series.map(planner.plan).map { plan in
      let unmarked = plan.paths.filter { files.marks[$0] != plan.identity.id }
      let isNew = plan.paths.allSatisfy { files.marks[$0] == nil }
      let masks = masks(of: plan, assigned, [:])
      let end = try take(plan, masks: masks, unmarked: unmarked, isNew: isNew, worker)
      return (plan.identity.id, end)
    }
    try Crew.atTheEnd(on: worker) {
      let outcomes = try plans.map { id, end in (id: id, outcome: try end()) }
      try clear(ofSeries: pseudonyms.series(series.uid), but: Set(outcomes.map(\.id)))
      try tell(outcomes)
    }
  }

  /// Reads a volume that the store does not have as it is now; notes that unmarked files are part of it.
  /// It `isNew` if they are part of no other.
  private func take(
    _ plan: PlannedVolume, masks: [AssignedMask], unmarked: [String] = [], isNew: Bool = true,
    _ worker: Worker
  ) throws -> Ending {
    let id = plan.identity.id
    let isStored = writer.contains(id)
    let isSame = try isStored && writer.record(id).sourceDigest == plan.identity.digest
    if isSame {
      try ledger.keep(plan.identity, of: unmarked)
      try addMasks(masks, to: id, worker)
      try note(writer.record(id), .known, plan.identity)
      return { .known }
    }
    if let refusal = try whyNot(replace: id, by: plan) {
      try refuse(refusal)
      return { nil }
    }
    // A new volume's is kept while its slices are read: at the end the ledger would be waited for.
    let isBeside = pool.count > 1 && isNew && !isStored
    let identity = Later(beside: isBeside) {
      try ledger.keep(plan.identity, of: unmarked)
    }
    let (draft, origins): (CohortDraft, [ReadMask.Origin])
    do {
      try archives.need(plan.paths, worker)
      (draft, origins) = try write(plan, masks: masks, worker, replacing: isStored)
    } catch {
      identity.wait()
      guard let fault = error as? Fault else { throw error }
      if isBeside { try ledger.forget(volume: id, of: unmarked) }
      try refuse(refusal(fault, plan))
      return { nil }
    }
    return {
      try draft.place()
      try identity.value()
      try keep(origins, of: id)
      let isSuccessor = try clear(fromSource: plan, but: id)
      let outcome = isStored || isSuccessor ? IngestReport.Outcome.replaced : .taken
      try note(draft.record, outcome, plan.identity)
      return outcome
    }
  }

  /// Writes a volume as it is read, with those of its masks that fit; throws the ``Fault`` of a
  /// volume that cannot be read.
  private func write(
    _ plan: PlannedVolume, masks: [AssignedMask], _ worker: Worker, replacing: Bool
  ) throws -> (draft: CohortDraft, origins: [ReadMask.Origin]) {
    let (read, source) = try worker.source(of: plan)
    let labels = try readMasks(masks, on: read.volume.grid, worker)
    let draft = try writer.draft(
      source, record: plan.record(read, pseudonyms), labels: labels.map(\.label),
      replacing: replacing)
    return (draft, labels.map(\.origin))
  }

  private func refusal(_ fault: Fault, _ plan: PlannedVolume) -> Refusal {
    switch plan.source {
    case .dicom(let series):
      Refusal(
        fault.code, .series, name: series.headers.map(\.identity.path).min() ?? "",
        sentence: fault.sentence, files: series.headers.count)
    case .nifti(let files, _, _):
      Refusal(fault.code, .file, name: files[0], sentence: fault.sentence, files: files.count)
    }
  }

  /// Adds masks to a volume that the store has.
  private func addMasks(_ masks: [AssignedMask], to id: String, _ worker: Worker) throws {
    guard try !has(masks, id) else { return }
    let record = try writer.record(id)
    let labels = try readMasks(masks, on: record.grid, worker, stored: id)
    guard !labels.isEmpty, let stored else { return }
    let volume = try stored.volume(id)
    let all = try keepingOld(labels, of: id)
    try writer.add(volume: volume, record: record, labels: all.map(\.label), replacing: true)
    try keep(all.map(\.origin), of: id)
  }

  private func note(
    _ record: CohortVolume, _ outcome: IngestReport.Outcome, _ identity: VolumeIdentity?
  ) throws {
    var row = IngestReport.Row(record)
    (row.outcome, row.series) = (outcome, identity?.seriesDescription)
    row.name = identity.map { archives.shown($0.source) }
    if let identity, row.source == "nifti" { try ledger.withdraw(.file, [identity.source]) }
    report.change { $0.add(row) }
  }
}
