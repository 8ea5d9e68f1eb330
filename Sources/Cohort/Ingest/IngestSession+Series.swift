import DICOM
import Foundation
import SliceStore

/// The files that a series can be read from now.
struct SeriesAtHand {
  var headers: [DICOMHeader]
  /// The volumes that files are part of, by path.
  var marks: [String: String]
  var copies: Set<String>

  enum Trouble: Error {
    /// Files are gone, but what is there is all in the store.
    case nothingNew([String])
    case refused(Refusal)
  }
}

extension IngestSession {
  /// Gathers the files of a series: those that this run has come to, and those of earlier runs that
  /// are still where they were, so that a series whose slices lie in two folders is one volume even
  /// when the folders are ingested one after the other.
  ///
  /// A file that is gone changes nothing: the stored volume, which has its slice, stays.
  func atHand(_ uid: String) throws -> SeriesAtHand {
    let count = try ledger.images(series: uid, run: run).files
    guard count <= recipe.limits.seriesFiles else {
      throw SeriesAtHand.Trouble.refused(tooLong(try ledger.firstPath(series: uid), count))
    }
    let files = try ledger.files(series: uid, run: run)
    let present = files.filter(\.isPresent)
    let instances = Set(present.map(\.instance))
    let older = files.filter { !$0.isPresent && !instances.contains($0.instance) }
    let kept = older.filter(\.isAtHand)
    let lost = older.filter { !$0.isAtHand && isStored($0) }
    guard lost.isEmpty else { throw trouble(present, stored: files.filter(isStored), lost) }
    let all = present + kept
    return SeriesAtHand(
      headers: all.map(\.header),
      marks: Dictionary(
        all.compactMap { file in file.volume.map { (file.path, $0) } },
        uniquingKeysWith: { first, _ in first }),
      copies: Set(all.filter(\.isCopy).map(\.path)))
  }

  private func isStored(_ file: SeriesFile) -> Bool {
    file.volume.map(writer.contains) ?? false
  }

  private func trouble(
    _ present: [SeriesFile], stored: [SeriesFile], _ lost: [SeriesFile]
  ) -> SeriesAtHand.Trouble {
    let known = Set(stored.map(\.content))
    guard let new = present.first(where: { !known.contains($0.content) }) else {
      return .nothingNew(Set(stored.compactMap(\.volume)).sorted())
    }
    return .refused(
      Refusal(
        .sourceGone, .series, name: new.path,
        sentence: "\(lost.count) files of the stored volume are gone, \(lost[0].path) for one",
        files: present.filter { !known.contains($0.content) }.count))
  }

  /// Why a stored volume may not give way: it is of files besides that a ledger of an older layout knew,
  /// and whose headers are not known any more.
  func whyNot(replace id: String, by plan: PlannedVolume) throws -> Refusal? {
    guard case .dicom(let series) = plan.source, writer.contains(id) else { return nil }
    let former = try ledger.formerFiles(ofVolume: id)
    let record = try writer.record(id)
    let isShorter = series.shape.sliceCount < record.leading.count * record.grid.size.z
    let here = former.filter { isUnchanged($0.path, size: $0.size, modified: $0.modified) }
    guard let one = here.first ?? (isShorter ? former.first : nil) else { return nil }
    return Refusal(
      .sourceGone, .series, name: plan.paths.min() ?? "",
      sentence: "\(former.count) files of the stored volume were not given, \(one.path) for one",
      files: plan.paths.count)
  }

  private func tooLong(_ path: String, _ count: Int) -> Refusal {
    Refusal(
      .limit, .series, name: path,
      sentence: "the series has \(count) files, of at most \(recipe.limits.seriesFiles)",
      files: count)
  }

  /// Removes volumes of a series whose files have all become part of others.
  func clear(ofSeries pseudonym: String, but present: Set<String>) throws {
    guard !present.isEmpty else { return }
    for id in try ledger.volumes(ofSeries: pseudonym) where !present.contains(id) {
      if try clear(id) { report.change { $0.removed += 1 } }
    }
  }

  /// Removes the volume that a changed NIfTI file was before; says whether there was one.
  func clear(fromSource plan: PlannedVolume, but present: String) throws -> Bool {
    guard case .nifti = plan.source else { return false }
    var found = false
    for id in try ledger.volumes(fromSource: plan.identity.source) where id != present {
      if try clear(id) { found = true }
    }
    return found
  }

  private func clear(_ id: String) throws -> Bool {
    guard try !ledger.hasFiles(ofVolume: id) else { return false }
    let isStored = writer.contains(id)
    if isStored { try writer.remove(volume: id) }
    try ledger.forget(volume: id)
    return isStored
  }
}

extension SeriesFile {
  /// The image, wherever it lies.
  fileprivate var instance: String { header.identity.sopInstanceUID ?? path }

  /// The image and its pixels.
  fileprivate var content: String { instance + " " + header.pixelDigest }

  /// Whether the file is still as it was.
  fileprivate var isAtHand: Bool { isUnchanged(path, size: size, modified: modified) }
}

/// Whether a file is still as it was seen.
private func isUnchanged(_ path: String, size: Int, modified: Int) -> Bool {
  var status = stat()
  guard stat(path, &status) == 0 else { return false }
  return Int(status.st_size) == size && status.modified == modified
}

/// How far the reading of volumes has come.
final class Tally: Sendable {
  private let session: IngestSession
  private let now: Locked<IngestProgress>
  /// Volumes that masks were wanted for.
  private let seen = Locked(Set<String>())
  private let assigned: Set<String>

  init(_ session: IngestSession, _ scan: Scan, _ assigned: Set<String>) throws {
    (self.session, self.assigned) = (session, assigned)
    let images = try session.ledger.images(run: session.run)
    let nifti = scan.nifti.reduce((files: 0, bytes: 0)) {
      ($0.files + $1.paths.count, $0.bytes + $1.bytes)
    }
    now = Locked(
      IngestProgress(
        phase: .reading, done: 0, total: images.files + nifti.files, bytes: 0,
        totalBytes: images.bytes + nifti.bytes))
    session.progress(now.value)
  }

  func add(
    _ volumes: [(id: String, outcome: IngestReport.Outcome?)], of size: (files: Int, bytes: Int)
  ) {
    let isKnown = volumes.allSatisfy { $0.outcome == .known }
    let progress = now.change {
      ($0.done, $0.bytes) = ($0.done + size.files, $0.bytes + size.bytes)
      if isKnown {
        ($0.known, $0.knownBytes) = ($0.known + size.files, $0.knownBytes + size.bytes)
      }
      return $0
    }
    seen.change { $0.formUnion(volumes.map(\.id).filter(assigned.contains)) }
    session.progress(progress)
  }

  func has(_ id: String) -> Bool { seen.value.contains(id) }
}
