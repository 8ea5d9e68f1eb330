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
    let derived = derivedMasks(found, scan.summaries)
    let objects = try ledger.labelObjects(run: run)
    guard !found.masks.isEmpty || !derived.isEmpty || !objects.isEmpty else { return [:] }
    var places: [String: ObjectMatching.Candidate] = [:]
    var candidates: [String: MaskMatching.Candidate] = [:]
    let identities = try ledger.volumes()
    let stored = Dictionary(uniqueKeysWithValues: identities.map { ($0.id, $0) })
    for id in writer.ids {
      candidates[id] = MaskMatching.Candidate(
        id: id, names: stored[id]?.names ?? [], grid: try writer.record(id).grid,
        source: stored[id]?.source ?? "")
    }
    func add(_ plan: PlannedVolume) {
      let id = plan.identity.id
      candidates[id] = MaskMatching.Candidate(
        id: id, names: plan.identity.names, grid: plan.grid, source: plan.identity.source)
      if !objects.isEmpty { places[id] = plan.objectCandidate }
    }
    scan.nifti.forEach(add)
    var given = Set<String>()
    try ledger.eachSeries(run: run) { series in
      given.insert(series)
      DICOMSeries.group(try ledger.headers(series: series, run: run), policy: policy).series
        .forEach { add(planner.plan($0)) }
    }
    let known = StoredSeries(identities, objects: objects, given: given)
    for volume in identities where !objects.isEmpty && places[volume.id] == nil {
      guard let grid = candidates[volume.id]?.grid else { continue }
      let images = known.mayBeKnownByImages(volume) ? try ledger.images(ofVolume: volume.id) : []
      places[volume.id] = ObjectMatching.Candidate(
        id: volume.id, seriesUID: volume.seriesUID,
        frameOfReferenceUID: images.first?.identity.frameOfReferenceUID,
        instances: Set(images.compactMap(\.identity.sopInstanceUID)), grid: grid)
    }
    let matching = MaskMatching(
      folder: recipe.labels, masks: found.masks + derived, summaries: scan.summaries,
      candidates: candidates.keys.sorted().compactMap { candidates[$0] })
    let drawn = ObjectMatching(
      objects, candidates: places.keys.sorted().compactMap { places[$0] }, given: given)
    for refusal in matching.refusals + drawn.refusals {
      // Another part may have the volume; the merged ledger will say whether none had.
      if shard != nil && refusal.code == .labelUnmatched {
        try ledger.keep(refusal)
      } else {
        try refuse(refusal)
      }
    }
    return matching.assigned.merging(drawn.assigned) { $0 + $1 }
  }

  /// BIDS's masks and those of a folder `segmentations` among the images that were given.
  private func derivedMasks(_ found: Found, _ summaries: [String: NIfTISummary]) -> [FoundFile] {
    let given = Set(found.masks.map(\.path))
    return summaries.keys.filter {
      (BIDSName.isMask($0) || SegmentationsFolder.holds($0)) && !given.contains($0)
    }.sorted().map { FoundFile(path: $0, relative: $0, size: 0, modified: 0) }
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
        AssignedMask(
          path: path, name: "labels", names: plan.labelNames, digest: summary.digest,
          regions: plan.labelRegions, isClosed: !plan.labelNames.isEmpty))
    }
    return GivenNames(of: plan.identity).allowed(masks)
  }
}

extension PlannedVolume {
  /// What label objects may be matched by; nil for what is no DICOM.
  fileprivate var objectCandidate: ObjectMatching.Candidate? {
    guard case .dicom(let series) = source else { return nil }
    return ObjectMatching.Candidate(
      id: identity.id, seriesUID: series.seriesUID,
      frameOfReferenceUID: series.representative.identity.frameOfReferenceUID,
      instances: Set(series.headers.compactMap(\.identity.sopInstanceUID)), grid: series.grid)
  }
}

/// Which stored volumes an object that came later may know by their images alone: reading those from
/// the ledger takes time.
private struct StoredSeries {
  private let volumes: [String: Int]
  private var patients: Set<String> = []
  private var studies: Set<String> = []

  init(_ identities: [VolumeIdentity], objects: [DICOMHeader], given: Set<String>) {
    volumes = identities.reduce(into: [:]) { $0[$1.seriesUID, default: 0] += 1 }
    for header in objects {
      let named = header.labelObject?.seriesUIDs ?? []
      if named.contains(where: { given.contains($0) || volumes[$0] != nil }) { continue }
      patients.insert(header.patientIdentity)
      studies.insert(header.identity.studyInstanceUID ?? "")
    }
  }

  /// Whether the series has several volumes, or an object of the patient names no known series.
  func mayBeKnownByImages(_ volume: VolumeIdentity) -> Bool {
    (volumes[volume.seriesUID] ?? 0) > 1 || patients.contains(volume.patientIdentity)
      || studies.contains(volume.studyUID)
  }
}
