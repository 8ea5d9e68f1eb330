import Imaging
import SliceStore
import Zarr

/// What preparing a cohort came to.
public struct PrepareReport: Sendable, Equatable {
  /// A volume that was left out, and why.
  public struct Refusal: Sendable, Equatable {
    /// Its name in the cohort.
    public let volume: String
    /// What is wrong with it.
    public let reason: PrepareError
  }

  /// Volumes (or points in time of them) and slices in the store.
  public var volumes, slices: Int
  /// Of how many volumes there is a mask.
  public var labelled: Int
  /// Patients in each part of the split.
  public var patients: [SplitPart: Int]
  /// Slices that are nearly the one before; see ``SliceStore/SliceStore/findNearDuplicates(among:similarity:_:)``.
  public var nearDuplicates: Int
  /// Who was left out.
  public var refused: [Refusal]
  /// ``SliceStore/SliceStore/digest`` of the store.
  public var digest: String
}

/// How far preparing has come.
public struct PrepareProgress: Sendable, Equatable {
  /// Volumes done, and volumes in all.
  public var done, total: Int
  /// Slices written so far.
  public var slices: Int
}

/// Cuts the volumes of a cohort store for which `select` is true into a slice store at `path`.
///
/// Volumes come in the order of their names, so the same cohort and recipe give the same bytes,
/// with any number of `threads`; one volume is in memory at a time. After a kill the same call takes up where it stopped. Volumes
/// that do not fit the rest are refused by name and the others go on. What `progress` throws ends
/// the work, to be taken up later. Throws ``PrepareError`` for a recipe that makes no sense or when
/// nothing is left, and what the stores throw.
public func prepareCohort(
  _ cohort: CohortStore, into path: String, recipe: PrepareRecipe,
  select: (CohortVolume) -> Bool = { _ in true }, threads: Int = 1,
  progress: (PrepareProgress) throws -> Void = { _ in }
) throws -> PrepareReport {
  let plan = try PreparePlan(cohort, recipe: recipe, select: select)
  let writer = try SliceStoreWriter(path, attributes: plan.attributes, threads: threads)
  let total = plan.items.reduce(0) { $0 + $1.leads.count }
  var done = 0
  for item in plan.items {
    for lead in item.leads {
      if !writer.contains(item.record.id, lead: lead) {
        try append(item, lead: lead, of: cohort, recipe: plan.recipe, threads: threads, to: writer)
      }
      done += 1
      try progress(PrepareProgress(done: done, total: total, slices: writer.sliceCount))
    }
  }
  let digest = try writer.finish(split: plan.split)
  return PrepareReport(
    volumes: writer.volumeCount, slices: writer.sliceCount,
    labelled: plan.items.filter { $0.label != nil }.count,
    patients: Dictionary(plan.split.values.map { ($0, 1) }, uniquingKeysWith: +),
    nearDuplicates: try nearDuplicates(in: path, plan.recipe), refused: plan.refused,
    digest: digest)
}

private func nearDuplicates(in path: String, _ recipe: PrepareRecipe) throws -> Int {
  let store = try SliceStore(path)
  var count = 0
  try store.findNearDuplicates(among: 0..<store.count, similarity: recipe.similarity) {
    if $1 { count += 1 }
  }
  return count
}

private func append(
  _ item: PreparePlan.Item, lead: Int, of cohort: CohortStore, recipe: PrepareRecipe,
  threads: Int, to writer: SliceStoreWriter
) throws {
  let record = item.record
  let prepared = try PreparedVolume(
    try read(record, lead: lead, of: cohort),
    label: try item.label.map { try cohort.label(record.id, $0) },
    modality: record.modality ?? "", recipe: recipe, canvas: recipe.canvas ?? [], name: record.id)
  let geometry = prepared.geometry
  try writer.append(
    SliceVolumeRecord(
      id: record.id, patient: record.patient, source: geometry.source, canvas: geometry.canvas,
      sliceAxis: geometry.axis, lead: lead, intensity: prepared.intensity),
    slices: prepared.images(threads: threads), labels: prepared.labels(threads: threads))
}

/// All channels of a volume, or one of its points in time without the others.
private func read(_ record: CohortVolume, lead: Int, of cohort: CohortStore) throws -> Volume {
  guard case .time = record.leading else { return try cohort.volume(record.id) }
  var bytes = [UInt8]()
  bytes.reserveCapacity(record.grid.count * record.type.size)
  for z in 0..<record.grid.size.z {
    bytes += try cohort.plane(record.id, axis: 2, index: z, lead: lead).bytes
  }
  let pairs = (0..<record.grid.size.z).map {
    record.scaling.pair(slice: lead * record.grid.size.z + $0)
  }
  let scaling = Scaling.perSlice(slope: pairs.map(\.slope), intercept: pairs.map(\.intercept))
  var volume = Volume(
    grid: record.grid, type: record.type, bytes: bytes, scaling: scaling.simplified)
  volume.padding = record.padding
  return volume
}

extension PrepareRecipe {
  /// The recipe that a store or a run was made by, canvas included: what `--like` takes.
  public init(recorded: JSON) throws(PrepareError) {
    guard let recipe = try? recorded.decoded(as: PrepareRecipe.self) else {
      throw .badRecipe(key: "record", problem: "it is of another version")
    }
    try recipe.validate()
    self = recipe
  }

  /// The recipe as stores record it.
  public func recorded() throws -> JSON { try JSON(encoding: self) }
}
