import DICOM
import Foundation
import SliceStore

/// From folders of scans to a cohort store and its ledger.
public enum Ingest {
  /// Takes everything below `paths` into the store at `store`, making it where there is none.
  ///
  /// What cannot be taken is in the report, and the rest goes on: a file that kills the process
  /// that reads it costs that file, or its series. Running again takes only what is new, and after
  /// a kill takes up where it stopped, to the same bytes under the same key. With no paths and a
  /// folder of labels, masks are added to what the store has. Throws ``CohortError`` or
  /// `StoreError` when nothing can be done at all: a path that is not there, a store that another
  /// process is writing, a disk that is full.
  public static func run(
    _ paths: [String], into store: String, recipe: IngestRecipe = IngestRecipe(),
    launch: WorkerLaunch = .current,
    progress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
  ) throws -> IngestReport {
    let session = try IngestSession(store, recipe, launch, progress)
    let found = try session.look(paths)
    let scan = try session.scan(found)
    let masks = try session.match(found, scan)
    try session.read(scan, masks)
    return try session.finish()
  }
}

/// One ingest while it runs. Its parts are in `IngestSession+….swift`, in the order of the road.
struct IngestSession: Sendable {
  let writer: CohortWriter
  let ledger: Ledger
  let pseudonyms: Pseudonyms
  let planner: Planner
  let recipe: IngestRecipe
  let launch: WorkerLaunch
  let workers: Int
  let run: Int
  let progress: @Sendable (IngestProgress) -> Void
  let report = Locked(IngestReport())
  /// The store as it was found, for masks and voxels that are already there.
  let stored: CohortStore?

  init(
    _ store: String, _ recipe: IngestRecipe, _ launch: WorkerLaunch,
    _ progress: @escaping @Sendable (IngestProgress) -> Void
  ) throws {
    writer = try CohortWriter(store)  // the lock: nobody else writes to store or ledger now
    ledger = try Ledger(Ledger.path(of: store))
    pseudonyms = Pseudonyms(key: try ledger.key(from: recipe.key.isEmpty ? nil : recipe.key))
    planner = try Planner(pseudonyms, patientFrom: recipe.patientFrom)
    (self.recipe, self.launch, self.progress) = (recipe, launch, progress)
    workers = recipe.workers > 0 ? recipe.workers : ProcessInfo.processInfo.activeProcessorCount
    run = try ledger.beginRun()
    // A killed ingest leaves whole volumes; sealed, they can be read back when masks come for them.
    if !writer.ids.isEmpty { try writer.finish() }
    stored = try? CohortStore(store)
  }

  var scanner: Scanner {
    Scanner(ledger: ledger, launch: launch, limits: recipe.limits, workers: workers, run: run)
  }

  var policy: DICOMSeries.Policy {
    var policy = DICOMSeries.Policy()
    policy.singleSlices = recipe.singleSlices
    return policy
  }

  func refuse(_ refusal: Refusal) throws {
    report.change { $0.refusals.append(refusal) }
    try ledger.keep(refusal)
  }
}

/// Everything that was found below the given paths.
struct Found {
  var images: Discovery
  var masks: [FoundFile] = []
  var datasets: [Dataset] = []
}

/// The volumes that the headers promise.
struct Scan {
  /// NIfTI volumes; those of DICOM are in the ledger, by series.
  var nifti: [PlannedVolume] = []
  var series: [String] = []
  /// NIfTI files with sound headers, masks included.
  var summaries: [String: NIfTISummary] = [:]
}

extension IngestSession {
  func look(_ paths: [String]) throws -> Found {
    progress(IngestProgress(phase: .looking, done: 0, total: 0, bytes: 0))
    let labels = recipe.labels.isEmpty ? nil : recipe.labels
    var found = Found(images: try Discovery(paths, excluding: labels))
    if let labels { found.masks = try Discovery([labels]).nifti }
    for refusal in found.images.refusals { try refuse(refusal) }
    for (folder, _) in found.images.datasets {
      do throws(Refusal) {
        found.datasets.append(try Dataset(folder))
      } catch {
        try refuse(error)
      }
    }
    for dataset in found.datasets { for refusal in dataset.refusals { try refuse(refusal) } }
    let (images, files) = (found.images, report)
    files.change {
      ($0.files, $0.bytes, $0.others) = (images.files, images.bytes, images.others)
    }
    return found
  }

  func scan(_ found: Found) throws -> Scan {
    let images = found.images
    let total = images.dicom.count + images.perhapsDICOM.count + images.nifti.count
    let done = Locked((files: 0, bytes: 0))
    let result = try scanner.scan(
      dicom: images.dicom, perhaps: images.perhapsDICOM, nifti: images.nifti + found.masks
    ) { [progress] files, bytes in
      let now = done.change {
        ($0.files, $0.bytes) = ($0.files + files, $0.bytes + bytes)
        return $0
      }
      progress(
        IngestProgress(
          phase: .scanning, done: min(now.files, total), total: total, bytes: now.bytes))
    }
    for refusal in result.refusals.sorted(by: { $0.name < $1.name }) { try refuse(refusal) }
    try ledger.withdraw(.file, result.sound)
    report.change {
      $0.others += result.others
      $0.nonImages = result.nonImages
    }
    var scan = Scan(series: try ledger.series(run: run), summaries: result.nifti)
    scan.nifti = withoutCopies(plan(found, result.nifti))
    return scan
  }

  /// Volumes with the same name hold the same voxels of the same patient.
  private func withoutCopies(_ plans: [PlannedVolume]) -> [PlannedVolume] {
    var seen: [String: Int] = [:]
    var kept: [PlannedVolume] = []
    for plan in plans {
      if let first = seen[plan.identity.id] {
        if kept[first].label == nil {
          (kept[first].label, kept[first].labelNames) = (plan.label, plan.labelNames)
        }
        report.change { $0.duplicates += 1 }
      } else {
        seen[plan.identity.id] = kept.count
        kept.append(plan)
      }
    }
    return kept
  }
}
