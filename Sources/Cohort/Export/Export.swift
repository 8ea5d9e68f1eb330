import Foundation
import Imaging
import NIfTI
import SliceStore
import Zarr

/// From a cohort store back to NIfTI.
public enum Export {
  /// Writes for each volume `ID.nii.gz`, `ID.json`, and `ID_label-NAME.nii.gz` for its masks.
  ///
  /// Voxels are written as they are stored, with slope and intercept in the header; where these
  /// differ from slice to slice, as real values in float32. Names are the store's own, so nothing
  /// in the folder names a person. Files of an earlier export are replaced. Returns the volumes
  /// that were written.
  @discardableResult
  public static func run(
    _ store: String, into folder: String, select: (CohortVolume) -> Bool = { _ in true },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> [String] {
    let cohort = try CohortStore(store)
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CohortError.unwritable(path: folder, reason: error.localizedDescription)
    }
    var written: [String] = []
    for (done, id) in cohort.ids.enumerated() {
      progress(done, cohort.ids.count)
      let record = try cohort.record(id)
      guard select(record) else { continue }
      try write(record, of: cohort, to: folder + "/" + id)
      written.append(id)
    }
    progress(cohort.ids.count, cohort.ids.count)
    return written
  }

  private static func write(
    _ record: CohortVolume, of cohort: CohortStore, to base: String
  ) throws {
    let header = try record.niftiHeader.map { try NIfTIHeader(base64: $0) }
    let step = record.acquisition["RepetitionTime"]?.double.map { $0 / 1000 }
    let isTime = if case .time = record.leading { true } else { false }
    try NIfTIFile.write(
      try cohort.volume(record.id), to: base + ".nii.gz", like: header,
      timeStep: isTime ? step : nil)
    try write(sidecar(of: record), to: base + ".json")
    for label in record.labels {
      let name = "\(base)_label-\(label.name)"
      try NIfTIFile.write(
        try cohort.label(record.id, label.name), to: name + ".nii.gz", like: header)
      let names = label.names.map { (String($0.key), JSON.string($0.value)) }
      let members = Dictionary(uniqueKeysWithValues: names)
      try write(["labels": .object(members)], to: name + ".json")
    }
  }

  private static func write(_ document: JSON, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeWhole([UInt8](try encoder.encode(document)) + [10], to: path)
  }

  /// The acquisition under BIDS's names and in its units (seconds, tesla), where it has such, and
  /// what the store knows beside.
  package static func sidecar(of record: CohortVolume) -> JSON {
    var members: [String: JSON] = [:]
    for (keyword, value) in record.acquisition where keyword != "ShiftedStudyDate" {
      switch keyword {
      case "EchoTime", "RepetitionTime", "InversionTime":
        if let milliseconds = value.double { members[keyword] = .number(milliseconds / 1000) }
      case "ManufacturerModelName": members["ManufacturersModelName"] = value
      case "BodyPartExamined": members["BodyPart"] = value
      default: members[keyword] = value
      }
    }
    if let modality = record.modality { members["Modality"] = .string(modality) }
    if let units = record.units { members["Units"] = .string(units) }
    if !record.channelNames.isEmpty {
      members["ChannelNames"] = .array(record.channelNames.map { .string($0) })
    }
    if !record.flags.isEmpty { members["Flags"] = .array(record.flags.map { .string($0) }) }
    members["Patient"] = .string(record.patient)
    if let study = record.study { members["Study"] = .string(study) }
    if let series = record.series { members["Series"] = .string(series) }
    return .object(members)
  }
}
