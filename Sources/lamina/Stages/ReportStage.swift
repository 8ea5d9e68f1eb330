import Foundation
import Imaging
import Report
import SliceStore

/// Draws what a person looks at: masks over their scans, and how a run went.
enum ReportStage {
  /// Writes a sheet `ID.png` for each of the first scans: the mask in colour, the truth as a contour.
  static func pictures(
    of ids: [String], in cohort: String, masks: String, references: String, into folder: String
  ) throws {
    let store = try CohortStore(cohort)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for id in ids {
      let volume = try store.volume(id)
      let mask = try readMask("\(masks)/\(id).nii.gz", [:])
      let truth = try? readMask("\(references)/\(id).nii.gz", [:])
      let sheet = Overlay(volume, mask: mask, truth: truth).sheet(plane(of: volume.grid))
      try Data(sheet.png).write(to: URL(fileURLWithPath: "\(folder)/\(id).png"), options: .atomic)
    }
  }

  /// Draws some series of a run's `metrics.jsonl` as `metrics.svg` beside it.
  static func plot(_ names: [String], of run: String, title: String) throws {
    let log = try MetricsLog(path: run + "/metrics.jsonl")
    let lines = names.compactMap { name -> LinePlot.Line? in
      let points = log.series(name).map { (x: Double($0.step), y: $0.value) }
      return points.isEmpty ? nil : LinePlot.Line(name, points)
    }
    let plot = LinePlot(title, x: "step", y: "loss", lines)
    try plot.svg().write(toFile: run + "/metrics.svg", atomically: true, encoding: .utf8)
  }

  /// The plane in which a scan is looked at: across its coarsest axis.
  private static func plane(of grid: Grid) -> Overlay.Plane {
    let spacing = grid.affine.spacing
    let coarsest = (0..<3).max { spacing[$0] < spacing[$1] } ?? 2
    return [.sagittal, .coronal, .axial][grid.affine.orientation.axes[coarsest]]
  }
}
