import Foundation
import SliceStore

/// What lies below the given paths beside the files, which are in the ledger.
struct Found {
  var masks: [FoundFile] = []
  var datasets: [Dataset] = []
}

/// The volumes that the headers promise; those of DICOM are in the ledger, by series.
struct Scan {
  var nifti: [PlannedVolume] = []
  /// NIfTI files with sound headers, masks included.
  var summaries: [String: NIfTISummary] = [:]
}

extension IngestSession {
  /// Looks into what a walk came upon, when all of that is noted in the ledger.
  func look(_ notes: inout Sightings, _ walked: Result<Void, any Error>) throws -> Found {
    var found = Found()
    let unpacked = Result {
      try walked.get()
      try look(into: notes.archives, &notes)
    }
    try notes.finish()  // nothing is written to the ledger once its store's lock is let go
    try unpacked.get()
    for folder in notes.datasets {
      switch Result(catching: { () throws(Refusal) in try Dataset(folder) }) {
      case .success(let dataset):
        try dataset.refusals.forEach(refuseOwn)
        found.datasets.append(dataset)
      case .failure(let refusal): try refuseOwn(refusal)
      }
    }
    if !recipe.labels.isEmpty {
      let labels = recipe.labels
      let drawn = try Discovery([labels])
      found.masks = drawn.nifti
      try drawn.refusals.forEach(refuseOwn)
      for file in drawn.foreign {
        let sentence = "no NIfTI, SEG or RTSTRUCT: save the mask as one of these"
        try refuseOwn(Refusal(.unsupported, .label, name: file.path, sentence: sentence))
      }
      let files = drawn.nifti.map { ($0, Sniff.nifti) } + drawn.dicom.map { ($0, .dicom) }
      try ledger.sight(
        files + drawn.perhapsDICOM.map { ($0, .perhapsDICOM) }, as: .label, run: run)
    }
    try ledger.forgetWaiting(before: run)
    try ledger.settleLinks(run: run)
    return found
  }

  /// Refuses what goes by its path, unless that is another part's to do.
  func refuseOwn(_ refusal: Refusal) throws {
    if owns("path " + archives.shown(refusal.name)) { try refuse(refusal) }
  }

  /// Reads the headers of what waits.
  func scan(_ found: Found) throws -> Scan {
    let waiting = try ledger.waitingCount()
    let known = run > 1 ? try ledger.counts(run: run).ofRun.all - waiting.files : 0
    let done = Locked((files: 0, bytes: 0))
    let tick = { @Sendable [progress] (files: Int, bytes: Int) in
      let now = done.change {
        ($0.files, $0.bytes) = ($0.files + files, $0.bytes + bytes)
        return $0
      }
      progress(
        IngestProgress(
          phase: .scanning, done: now.files, total: waiting.files, bytes: now.bytes,
          totalBytes: waiting.bytes, known: max(0, known)))
    }
    tick(0, 0)
    let failures = try scanner.scan(tick: tick)
    try ledger.withdrawSoundFiles(run: run)
    try failures.forEach(refuse)
    try ledger.eachRefusedFile(run: run, refuse)
    var scan = Scan(summaries: try ledger.summaries(run: run))
    scan.nifti = try withoutCopies(plan(found, scan.summaries))
    return scan
  }

  /// Volumes with the same name hold the same voxels of the same patient.
  private func withoutCopies(_ plans: [PlannedVolume]) throws -> [PlannedVolume] {
    var seen: [String: Int] = [:]
    var kept: [PlannedVolume] = []
    for plan in plans {
      let paths = plan.paths
      if let first = seen[plan.identity.id] {
        if kept[first].label == nil {
          (kept[first].label, kept[first].labelNames) = (plan.label, plan.labelNames)
        }
        try ledger.mark(copies: paths)
      } else {
        seen[plan.identity.id] = kept.count
        kept.append(plan)
      }
      try ledger.mark(paths, asPartOf: plan.identity.id)
    }
    return kept
  }
}

/// What a walk comes upon, on its way into the ledger.
struct Sightings {
  private(set) var datasets: [String] = []
  private(set) var archives: [FoundFile] = []
  private let session: Later<IngestSession>
  private let workers: Int
  private let progress: @Sendable (IngestProgress) -> Void
  private let files: Entries<(file: FoundFile, sniff: Sniff?)>
  private var count = 0

  init(
    of session: Later<IngestSession>, workers: Int,
    _ progress: @escaping @Sendable (IngestProgress) -> Void
  ) {
    (self.session, self.workers, self.progress) = (session, workers, progress)
    // They come faster than they are written, and are short: a transaction more would take longer than it
    // gains, and to wait for one would take longer still.
    files = Entries(workers: workers, some: 512, most: 8192) {
      let session = try session.value()
      try session.ledger.sight($0, as: .image, run: session.run)
    }
  }

  /// Walks through the folders, all but that of the labels and what lies beside the store.
  mutating func walk(_ paths: [String], _ store: String, _ recipe: IngestRecipe) throws {
    let labels = recipe.labels.isEmpty ? nil : recipe.labels
    try Walk.through(paths, excluding: labels, own: OwnFiles(of: store), threads: workers) {
      try take($0)
    }
  }

  mutating func take(_ sighting: Sighting) throws {
    switch sighting {
    case .refused(let refusal): try session.value().refuseOwn(refusal)
    case .file(let file, let sniff):
      if sniff == .archive { archives.append(file) }
      try files.take([(file, sniff)])
    case .dataset(let folder, let file):
      datasets.append(folder)
      try files.take([(file, nil)])
    }
    count += 1
    if count % 512 == 0 { tell() }
  }

  /// Writes what there is.
  func finish() throws {
    try files.finish()
    tell()
  }

  private func tell() {
    progress(IngestProgress(phase: .looking, done: count, total: 0, bytes: 0))
  }
}
