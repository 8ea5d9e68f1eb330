import DICOM
import Foundation
import Imaging
import NIfTI
import Zarr

/// A volume that is to be read, and who it is.
package struct PlannedVolume: Sendable {
  /// Where the voxels come from.
  enum Source: Sendable {
    case dicom(DICOMSeries)
    /// The files of a NIfTI volume's channels, in order.
    case nifti([String], summaries: [NIfTISummary], fourthIsChannels: Bool)
  }

  var source: Source
  package var identity: VolumeIdentity
  var modality: String?
  var channelNames: [String] = []
  package var flags: [String] = []
  /// Bytes of the files of a NIfTI volume.
  var bytes = 0
  /// The mask that the data set's description names.
  var label: String?
  var labelNames: [Int: String] = [:]
  /// Regions that the description makes of several classes.
  var labelRegions: [String: [Int]] = [:]

  /// Its files.
  var paths: [String] {
    switch source {
    case .dicom(let series): series.headers.map(\.identity.path)
    case .nifti(let files, _, _): files
    }
  }

  /// The grid that its headers say it has.
  var grid: Grid {
    switch source {
    case .dicom(let series): series.grid
    case .nifti(_, let summaries, _): summaries[0].grid
    }
  }
}

/// Turns scanned files into volumes with pseudonyms.
package struct Planner: Sendable {
  let pseudonyms: Pseudonyms
  let pattern: PatientPattern?

  package init(_ pseudonyms: Pseudonyms, patientFrom: String) throws {
    self.pseudonyms = pseudonyms
    pattern = patientFrom.isEmpty ? nil : try PatientPattern(patientFrom)
  }

  /// A series of the scanner. A blank patient ID falls back to the study.
  package func plan(_ series: DICOMSeries) -> PlannedVolume {
    let header = series.representative
    let who = header.identity
    let study = who.studyInstanceUID ?? series.seriesUID
    let given = given(header)
    let patient = patient(of: header)
    let folders = series.headers.map { folder(of: $0.identity.path) }
    let common = Set(folders).count == 1 ? folders.prefix(1) : []
    let identity = VolumeIdentity(
      id: pseudonyms.volume(series.seriesUID + "\u{0}" + series.part, patient: patient),
      patient: pseudonyms.patient(patient), study: pseudonyms.study(study),
      series: pseudonyms.series(series.seriesUID), patientIdentity: patient,
      patientName: who.patientName, studyUID: study, studyDate: who.studyDate,
      studyDescription: who.studyDescription, seriesUID: series.seriesUID,
      seriesDate: who.seriesDate, seriesDescription: who.seriesDescription,
      protocolName: who.protocolName, part: series.part,
      digest: pseudonyms.digest(series.sourceDigest + series.description), source: folders[0],
      names: [series.seriesUID] + common.flatMap { folderNames($0) }
        + (given.isEmpty ? [] : [given]))
    return PlannedVolume(
      source: .dicom(series), identity: identity, modality: header.acquisition.modality,
      channelNames: series.color == .rgb ? ["red", "green", "blue"] : [],
      flags: (given.isEmpty ? ["patient-from-study"] : [])
        + (series.headers.contains { $0.burnedIn != nil } ? ["burned-in-allowed"] : []))
  }

  /// Patient ID, or what stands for it.
  func patient(of header: DICOMHeader) -> String {
    let (given, who) = (given(header), header.identity)
    return given.isEmpty
      ? "study:" + (who.studyInstanceUID ?? who.seriesInstanceUID ?? "") : given
  }

  private func given(_ header: DICOMHeader) -> String {
    header.identity.patientID.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
  }

  /// What a NIfTI file's patient is called.
  func patient(of file: FoundFile, isChannel: Bool = false) -> String {
    assumedPatient(of: file, isChannel: isChannel).0
  }

  /// NIfTI files that are the channels of one volume.
  package func plan(
    _ files: [FoundFile], _ summaries: [NIfTISummary], fourthIsChannels: Bool = false
  ) -> PlannedVolume {
    let (patient, assumption) = assumedPatient(of: files[0], isChannel: files.count > 1)
    let digests = summaries.map(\.digest).joined(separator: " ")
    let stem = stem(files[0].path, isChannel: files.count > 1)
    let identity = VolumeIdentity(
      id: pseudonyms.volume(digests, patient: patient), patient: pseudonyms.patient(patient),
      study: pseudonyms.study(patient + "\u{0}" + session(of: files[0])),
      series: pseudonyms.series(digests), patientIdentity: patient,
      studyUID: patient + " " + session(of: files[0]), seriesUID: files[0].path,
      seriesDescription: stem, part: "", digest: pseudonyms.digest(digests),
      source: files[0].path, names: [stem] + folderNames(folder(of: files[0].path)))
    return PlannedVolume(
      source: .nifti(
        files.map(\.path), summaries: summaries, fourthIsChannels: fourthIsChannels),
      identity: identity, flags: [assumption], bytes: files.reduce(0) { $0 + $1.size })
  }

  /// BIDS's `sub-`, else the pattern, else the file's name.
  private func assumedPatient(
    of file: FoundFile, isChannel: Bool
  ) -> (String, assumption: String) {
    if let part = bids("sub-", file) { return (part, "patient-from-bids") }
    if let found = pattern?.patient(in: file.relative) { return (found, "patient-from-pattern") }
    return (stem(file.path, isChannel: isChannel), "patient-from-name")
  }

  private func session(of file: FoundFile) -> String { bids("ses-", file) ?? "" }

  private func bids(_ prefix: String, _ file: FoundFile) -> String? {
    let parts = file.relative.split(separator: "/").flatMap { $0.split(separator: "_") }
    guard let part = parts.first(where: { $0.hasPrefix(prefix) && $0.count > prefix.count }) else {
      return nil
    }
    return part.split(separator: ".").first.map(String.init)
  }

  private func stem(_ path: String, isChannel: Bool) -> String {
    let stem = NIfTIFile.stem(path)
    return isChannel && stem.hasSuffix("_0000") ? String(stem.dropLast(5)) : stem
  }

  /// The folder's name and that of the folder above.
  private func folderNames(_ folder: String) -> [String] {
    folder.split(separator: "/").suffix(2).reversed().map(String.init)
  }
}

extension DICOMSeries {
  /// What the store keeps beside the voxels: a header that was corrected makes another volume.
  fileprivate var description: String {
    struct Description: Encodable {
      var grid: Grid
      var leading: LeadingAxis
      var scaling: Scaling
      var acquisition: Acquisition
      var padding: Int?
    }
    let description = Description(
      grid: grid, leading: leading, scaling: scaling, acquisition: acquisition, padding: padding)
    return hexadecimal(SHA256.digest((try? PackedEncoder.encode(description)) ?? []))
  }
}

/// A regular expression that finds the patient in a path.
struct PatientPattern: Sendable {
  private let expression: NSRegularExpression

  init(_ pattern: String) throws(CohortError) {
    do {
      expression = try NSRegularExpression(pattern: pattern)
    } catch {
      throw .pattern(pattern)
    }
  }

  func patient(in path: String) -> String? {
    let whole = NSRange(path.startIndex..., in: path)
    guard let match = expression.firstMatch(in: path, range: whole) else { return nil }
    let group = match.numberOfRanges > 1 ? match.range(at: 1) : match.range
    guard let range = Range(group, in: path), !range.isEmpty else { return nil }
    return String(path[range])
  }
}
