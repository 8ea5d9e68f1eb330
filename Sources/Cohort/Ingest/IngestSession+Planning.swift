import DICOM
import Foundation
import NIfTI
import SliceStore

extension IngestSession {
  /// The volumes among the NIfTI files.
  func plan(_ found: Found, _ summaries: [String: NIfTISummary]) throws -> [PlannedVolume] {
    var planning = NIfTIPlanning(
      planner: planner, summaries: summaries, files: try ledger.nifti(.image, run: run))
    found.datasets.forEach { planning.take($0) }
    planning.takeRest()
    return planning.plans
  }

  /// Which masks of the labels' folder go with which volumes, new ones and stored ones.
  func match(_ found: Found, _ scan: Scan) throws -> [String: [AssignedMask]] {
    guard !found.masks.isEmpty else { return [:] }
    var candidates: [String: MaskMatching.Candidate] = [:]
    let identities = try ledger.volumes()
    let names = Dictionary(uniqueKeysWithValues: identities.map { ($0.id, $0.names) })
    for id in writer.ids {
      candidates[id] = MaskMatching.Candidate(
        id: id, names: names[id] ?? [], grid: try writer.record(id).grid)
    }
    func add(_ plan: PlannedVolume) {
      let id = plan.identity.id
      candidates[id] = MaskMatching.Candidate(id: id, names: plan.identity.names, grid: plan.grid)
    }
    scan.nifti.forEach(add)
    try ledger.eachSeries(run: run) { series in
      DICOMSeries.group(try ledger.headers(series: series, run: run), policy: policy).series
        .forEach { add(planner.plan($0)) }
    }
    let matching = MaskMatching(
      folder: recipe.labels, masks: found.masks, summaries: scan.summaries,
      candidates: candidates.keys.sorted().compactMap { candidates[$0] })
    for refusal in matching.refusals {
      // Another part may have the volume; the merged ledger will say whether none had.
      if shard != nil && refusal.code == .labelUnmatched {
        try ledger.keep(refusal)
      } else {
        try refuse(refusal)
      }
    }
    return matching.assigned
  }

  /// The masks that a volume is to have.
  func masks(
    of plan: PlannedVolume, _ assigned: [String: [AssignedMask]],
    _ summaries: [String: NIfTISummary]
  ) -> [AssignedMask] {
    var masks = assigned[plan.identity.id] ?? []
    if let path = plan.label, let summary = summaries[path],
      !masks.contains(where: { $0.name == "labels" })
    {
      masks.append(
        AssignedMask(path: path, name: "labels", names: plan.labelNames, digest: summary.digest))
    }
    return GivenNames(of: plan.identity).allowed(masks)
  }
}
