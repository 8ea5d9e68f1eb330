import Imaging

/// Slices on their way back: what was found on the canvas becomes a mask on the grid of the scan,
/// slice by slice. Voxels that the canvas does not reach, and slices never added, are background.
public struct Restoration: Sendable {
  /// The layout that the slices were made by.
  public let geometry: SliceGeometry
  private var labels: [UInt16]
  private let backwards: PlaneResampling

  /// Begins with background everywhere.
  public init(_ geometry: SliceGeometry) {
    self.geometry = geometry
    labels = [UInt16](repeating: 0, count: geometry.source.count)
    backwards = geometry.backwards
  }

  /// Takes the scores of slice `k`, `C×H×W` on the canvas: each class is resampled linearly to the
  /// source, then the highest wins, the lower class of equal ones.
  public mutating func add(scores: [Float], slice k: Int) {
    let pixels = geometry.canvas.sliceCount
    precondition(
      !scores.isEmpty && scores.count % pixels == 0, "scores do not fit the canvas")
    var best = [Float](repeating: -.infinity, count: geometry.sourceWidth * geometry.sourceHeight)
    var found = [UInt16](repeating: 0, count: best.count)
    for label in 0..<scores.count / pixels {
      let plane = Array(scores[label * pixels..<(label + 1) * pixels])  // H×W
      let resampled = backwards(plane, outside: -.infinity)
      for i in resampled.indices where resampled[i] > best[i] {
        best[i] = resampled[i]
        found[i] = UInt16(label)
      }
    }
    SliceWalk(k, geometry).scatter(found, into: &labels)
  }

  /// Takes the classes of slice `k`, `H×W` on the canvas.
  public mutating func add(labels slice: [UInt8], slice k: Int) {
    precondition(slice.count == geometry.canvas.sliceCount, "labels do not fit the canvas")
    let found = backwards.classes(slice, outside: 0).map { UInt16($0) }
    SliceWalk(k, geometry).scatter(found, into: &labels)
  }

  /// The mask on the source's grid.
  public func labelMap(names: [Int: String] = [:]) -> LabelMap {
    LabelMap(grid: geometry.source, labels: labels, names: names)
  }
}
