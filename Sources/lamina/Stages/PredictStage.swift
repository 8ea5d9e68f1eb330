import Cohort
import Foundation
import Imaging
import NIfTI
import Prepare
import Recipes
import Segmentation
import SliceStore

/// Writes masks with one model, as NIfTI on the grid of each scan.
struct MaskWriter {
  private let segmenter: Segmenter
  private let folder: String
  private let mirrored: Bool?
  private let console: Console
  /// Which parts of a mask stay: as the model's recipe says, unless set.
  var components: ComponentRecipe
  /// Masks written so far.
  private(set) var count = 0

  init(
    model: String, into folder: String, device name: String, threads: Int = 0,
    mirrored: Bool? = nil, console: Console
  ) throws {
    Interruption.listen()
    segmenter = try Segmenter(run: model, device: openDevice(named: name), threads: threads)
    (self.folder, self.mirrored, self.console) = (folder, mirrored, console)
    components = segmenter.description.recipe.components
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Recipe.json(of: segmenter.description.labelNames)
      .write(to: URL(fileURLWithPath: folder + "/labels.json"), options: .atomic)
  }

  /// Predicts one scan and writes `NAME.nii.gz`.
  mutating func write(
    _ volume: Volume, name: String, modality: String?, like header: NIfTIHeader?
  ) throws {
    let mask = try segmenter.predict(
      volume, modality: modality ?? "", mirrored: mirrored, components: components, name: name,
      shouldStop: { Interruption.isRequested })
    try NIfTIFile.write(mask, to: "\(folder)/\(name).nii.gz", like: header)
    count += 1
  }
}

/// Predicts volumes of a cohort store; those that cannot be are said by name and counted.
func predictCohort(
  _ cohort: String, ids: [String], with writer: inout MaskWriter, console: Console
) throws -> Int {
  let store = try CohortStore(cohort)
  let bar = ProgressBar("predict", unit: "volumes", console: console)
  var failed = 0
  for (done, id) in ids.enumerated() {
    let record = try store.record(id)
    do {
      try writer.write(
        store.volume(id), name: id, modality: record.modality,
        like: record.niftiHeader.flatMap { try? NIfTIHeader(base64: $0) })
    } catch let error where concernsOneScan(error) {
      console.complain("\(id): \(error)")
      failed += 1
    }
    bar.update(done + 1, of: ids.count)
  }
  bar.finish()
  return failed
}

/// Predicts scans that are in no store: DICOM folders and NIfTI files, read by worker processes.
func predictFiles(
  _ paths: [String], limits: WorkerLimits = WorkerLimits(), with writer: inout MaskWriter,
  console: Console
) throws -> [Refusal] {
  let bar = ProgressBar("predict", unit: "volumes", console: console)
  var failed: [Refusal] = []
  let refused = try SourceReader.read(paths, limits: limits) { source in
    do {
      try writer.write(
        source.volume, name: source.name, modality: source.modality, like: source.header)
    } catch let error where concernsOneScan(error) {
      console.complain("\(source.name): \(error)")
      failed.append(Refusal(.unsupported, .series, name: source.name))
    }
    bar.update(writer.count, of: 0)
  }
  bar.finish()
  return refused + failed
}

/// Whether the other scans may still do: the scan does not suit the model, or cannot be prepared.
private func concernsOneScan(_ error: any Error) -> Bool {
  error is SegmentationError || error is PrepareError
}
