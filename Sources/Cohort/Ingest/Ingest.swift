import CWorker
import DICOM
import Foundation
import SliceStore

/// From folders of scans to a cohort store and its ledger.
public enum Ingest {
  /// More would wait for the parent, which hands out the work.
  private static let mostWorkers = 256

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
    worker_keep_memory()
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let pool = WorkerPool(
      min(recipe.workers > 0 ? recipe.workers : cores, mostWorkers), launch, recipe.limits)
    defer { pool.stop() }
    WorkersAhead.keep(pool.count)
    pool.warm()
    // Where there are several workers, the folders are looked through while store and ledger are made.
    let opening = Later(beside: pool.count > 1) {
      try IngestSession(store, recipe, launch, pool, progress)
    }
    defer {
      if let session = opening.made {
        try? session.ledger.settle()  // what was found before a failure stays
        try? session.archives.remove()
      }
    }
    var notes = Sightings(of: opening, workers: pool.count, progress)
    let walked = Result { try notes.walk(paths, store, recipe) }
    let session = try opening.value()
    let found = try session.look(&notes, walked)
    try session.divide(found)
    let scan = try session.scan(found)
    let masks = try session.match(found, scan)
    try session.read(scan, masks)
    pool.dismiss()
    return try session.finish()
  }
}

/// One ingest while it runs. Its parts are in `IngestSession+….swift`, in the order of the road.
///
/// What it finds lies in the ledger, sorted, and is taken from there a piece at a time: its memory
/// does not grow with the number of files.
struct IngestSession: Sendable {
  let writer: CohortWriter
  let ledger: Ledger
  let archives: Archives
  let pseudonyms: Pseudonyms
  let planner: Planner
  let shard: Shard?
  let recipe: IngestRecipe
  let launch: WorkerLaunch
  let pool: WorkerPool
  let run: Int
  let progress: @Sendable (IngestProgress) -> Void
  let report = Locked(IngestReport())
  /// The store as it was found, for masks and voxels that are already there.
  let stored: CohortStore?

  init(
    _ store: String, _ recipe: IngestRecipe, _ launch: WorkerLaunch,
    _ pool: WorkerPool, _ progress: @escaping @Sendable (IngestProgress) -> Void
  ) throws {
    guard recipe.shard.isEmpty || !recipe.key.isEmpty else {
      throw CohortError.shard(recipe.shard, reason: "give all parts one --key")
    }
    writer = try CohortWriter(store)  // the lock: nobody else writes to store or ledger now
    let shard = try recipe.shard.isEmpty ? nil : Shard(recipe.shard)
    var begun: (key: [UInt8], run: Int) = ([], 0)
    ledger = try Ledger(Ledger.path(of: store), gathering: pool.count > 1) { db in
      try Ledger.begin(shard: shard, db)
      begun = try Ledger.beginRun(key: recipe.key.isEmpty ? nil : recipe.key, db)
    }
    archives = try Archives(beside: ledger, store: store)
    (self.shard, pseudonyms, run) = (shard, Pseudonyms(key: begun.key), begun.run)
    planner = try Planner(pseudonyms, patientFrom: recipe.patientFrom)
    (self.recipe, self.launch, self.progress) = (recipe, launch, progress)
    self.pool = pool
    // A killed ingest leaves whole volumes; sealed, they can be read back when masks come for them.
    if !writer.ids.isEmpty { try writer.finish() }
    stored = try? CohortStore(store)
  }

  var scanner: Scanner { Scanner(ledger: ledger, pool: pool) }

  var policy: DICOMSeries.Policy {
    var policy = DICOMSeries.Policy()
    (policy.singleSlices, policy.color) = (recipe.singleSlices, recipe.color)
    policy.burnedIn = recipe.allowBurnedIn
    (policy.missing, policy.uneven) = (recipe.missing, recipe.uneven)
    (policy.localizers, policy.derived) = (recipe.localizers, recipe.derived)
    policy.uptake = recipe.uptake
    return policy
  }

  /// Keeps a refusal and goes on, or ends the ingest with it where the recipe is strict.
  func refuse(_ refusal: Refusal) throws {
    var shown = refusal
    (shown.name, shown.sentence) = (archives.shown(refusal.name), archives.shown(refusal.sentence))
    report.change { $0.add(shown) }
    try ledger.keep(refusal)
    if recipe.strict { throw CohortError.refused(shown) }
  }
}
