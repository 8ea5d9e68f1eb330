import DICOM
import Foundation
import Imaging
import NIfTI
import Zarr

/// A scan read straight from its files, for use without a store.
public struct SourceVolume: Sendable {
  /// The voxels on their own grid.
  public var volume: Volume
  /// A name for what is made of it, unlike that of every other volume of one reading: a NIfTI
  /// file's own, or that of the DICOM folder. It may name a person.
  public var name: String
  /// `CT`, `MR`, …, where it is known.
  public var modality: String?
  /// The header of a NIfTI source, to write a mask like it.
  public var header: NIfTIHeader?
  /// Seconds between points in time, where they are known.
  public var timeStep: Double?
  /// What was assumed or is odd.
  public var flags: [String]
}

/// Reads DICOM folders and NIfTI files through workers, as ingest does, one volume at a time.
public enum SourceReader {
  /// Gives every volume below `paths` to `each`, in the order of their names, and returns what was
  /// refused. One worker is used; it is started on the calling thread.
  ///
  /// A `dataset.json` among them says which files are images and which channels. Throws
  /// ``CohortError`` when a path is not there, and what `each` throws.
  public static func read(
    _ paths: [String], limits: WorkerLimits = WorkerLimits(), launch: WorkerLaunch = .current,
    each: (SourceVolume) throws -> Void
  ) throws -> [Refusal] {
    let found = try Discovery(paths)
    let ledger = try Ledger(nil)
    try ledger.sight(
      found.dicom.map { ($0, .dicom) } + found.perhapsDICOM.map { ($0, .perhapsDICOM) }
        + found.nifti.map { ($0, .nifti) }, as: .image, run: 1)
    var refusals = try found.refusals + scan(ledger, launch, limits)
    try ledger.eachRefusedFile(run: 1) { refusals.append($0) }
    let plans = try plans(found, ledger, &refusals)
    let worker = Worker(launch, limits: limits)
    defer { worker.stop() }
    for (name, plan) in named(plans) {
      let read: ReadVolume
      do throws(Fault) {
        read = try worker.read(plan)
      } catch {
        refusals.append(
          Refusal(error.code, .series, name: plan.identity.source, sentence: error.sentence))
        continue
      }
      var volume = read.whole
      if case .dicom(let series) = plan.source { volume.padding = series.paddingRange }
      try each(
        SourceVolume(
          volume: volume, name: name, modality: plan.modality, header: read.niftiHeader,
          timeStep: read.timeStep, flags: plan.flags + read.flags))
    }
    return refusals
  }

  private static func scan(
    _ ledger: Ledger, _ launch: WorkerLaunch, _ limits: WorkerLimits
  ) throws -> [Refusal] {
    let pool = WorkerPool(1, launch, limits)
    defer { pool.stop() }
    return try Scanner(ledger: ledger, pool: pool).scan { _, _ in }
  }

  /// Reads one NIfTI file, image or mask; throws ``CohortError/refused(_:)`` if that cannot be.
  public static func readNIfTI(
    _ path: String, limits: WorkerLimits = WorkerLimits(), launch: WorkerLaunch = .current
  ) throws -> SourceVolume {
    let worker = Worker(launch, limits: limits)
    defer { worker.stop() }
    do throws(Fault) {
      let read = try worker.read(nifti: path, channels: false)
      return SourceVolume(
        volume: read.whole, name: NIfTIFile.stem(path), header: read.niftiHeader,
        timeStep: read.timeStep, flags: read.flags)
    } catch {
      throw CohortError.refused(
        Refusal(error.code, .file, name: path, sentence: error.sentence))
    }
  }

  /// Decodes the pixels of one DICOM file, also where it does not say where they lie: stored values,
  /// samples as channels, frames along z, on a grid of pixels. The flags are `key=word`.
  public static func readPixels(
    _ path: String, limits: WorkerLimits = WorkerLimits(), launch: WorkerLaunch = .current
  ) throws -> SourceVolume {
    let worker = Worker(launch, limits: limits)
    defer { worker.stop() }
    do throws(Fault) {
      let read = try worker.read(pixels: path)
      return SourceVolume(volume: read.whole, name: path, flags: read.flags)
    } catch {
      throw CohortError.refused(
        Refusal(error.code, .file, name: path, sentence: error.sentence))
    }
  }

  private static func plans(
    _ found: Discovery, _ ledger: Ledger, _ refusals: inout [Refusal]
  ) throws -> [PlannedVolume] {
    // Nothing is stored under these pseudonyms, so any key will do.
    let planner = try Planner(Pseudonyms(key: [0]), patientFrom: "")
    var planning = NIfTIPlanning(
      planner: planner, summaries: try ledger.summaries(run: 1), files: found.nifti)
    for (folder, _) in found.datasets {
      do throws(Refusal) {
        let dataset = try Dataset(folder)
        refusals += dataset.refusals
        planning.take(dataset)
      } catch {
        refusals.append(error)
      }
    }
    planning.takeRest()
    var plans = planning.plans
    try ledger.eachSeries(run: 1) { uid in
      let grouping = DICOMSeries.group(try ledger.headers(series: uid, run: 1))
      plans += grouping.series.map(planner.plan)
      refusals += grouping.refused.map { refusal in
        let fault = Fault(refusal.error)
        return Refusal(
          fault.code, .series, name: refusal.paths.min() ?? refusal.seriesUID,
          sentence: fault.sentence, files: refusal.paths.count)
      }
    }
    return plans
  }

  /// Plans with names that differ: a NIfTI file's, or the folder's with the part of the series.
  private static func named(_ plans: [PlannedVolume]) -> [(String, PlannedVolume)] {
    let simple = plans.map { plan in
      let name: String
      switch plan.source {
      case .nifti: name = plan.identity.names[0]
      case .dicom:
        name = plan.identity.source.split(separator: "/").last.map(String.init) ?? "dicom"
      }
      return plan.identity.part.isEmpty ? name : name + "_" + plan.identity.part
    }
    let counts = Dictionary(grouping: simple, by: { $0 }).mapValues(\.count)
    return zip(simple, plans).map { name, plan in
      (counts[name] == 1 ? name : name + "_" + plan.identity.id.suffix(6), plan)
    }.sorted { $0.0 < $1.0 }
  }
}
