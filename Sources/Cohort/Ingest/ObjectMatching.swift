import DICOM
import Imaging

/// Finds the volume that each SEG and RTSTRUCT was drawn on.
///
/// By the series that it names; of several volumes of that series by the images that it names, then
/// by its own grid. An object that names no series that is here goes by its images, then by its
/// Frame of Reference where only one volume lies in that, or only one on its grid.
package struct ObjectMatching {
  /// A volume that may be meant.
  package struct Candidate {
    var id: String
    var seriesUID: String
    var frameOfReferenceUID: String?
    /// SOP Instance UIDs of its files, where they are known.
    var instances: Set<String>
    var grid: Grid

    package init(
      id: String, seriesUID: String, frameOfReferenceUID: String? = nil,
      instances: Set<String> = [], grid: Grid
    ) {
      (self.id, self.seriesUID, self.frameOfReferenceUID) = (id, seriesUID, frameOfReferenceUID)
      (self.instances, self.grid) = (instances, grid)
    }
  }

  package private(set) var assigned: [String: [AssignedMask]] = [:]
  package private(set) var refusals: [Refusal] = []

  /// Series of which images were given, whether they were taken or not.
  private let given: Set<String>
  private let bySeries: [String: [Candidate]]
  private let byFrame: [String: [Candidate]]
  private let candidates: [Candidate]

  package init(
    _ objects: [DICOMHeader], candidates: [Candidate], given: Set<String> = []
  ) {
    (self.candidates, self.given) = (candidates, given)
    bySeries = Dictionary(grouping: candidates, by: \.seriesUID)
    byFrame = Dictionary(grouping: candidates.filter { $0.frameOfReferenceUID != nil }) {
      $0.frameOfReferenceUID ?? ""
    }
    // An object that was copied to two places is one.
    var seen = Set<String>()
    for header in objects.sorted(by: { $0.identity.path < $1.identity.path }) {
      guard let object = header.labelObject else { continue }
      let name = header.identity.sopInstanceUID ?? header.identity.path
      guard seen.insert(name + " " + header.pixelDigest).inserted else { continue }
      assign(header, object)
    }
  }

  private mutating func assign(_ header: DICOMHeader, _ object: LabelObject) {
    let matches = self.matches(object)
    guard matches.count == 1 else {
      let code = matches.isEmpty ? RefusalCode.labelUnmatched : .labelAmbiguous
      let sentence =
        matches.isEmpty
        ? unmatched(object) : "\(matches.count) volumes could be the one that it was drawn on"
      refusals.append(Refusal(code, .label, name: header.identity.path, sentence: sentence))
      return
    }
    assigned[matches[0].id, default: []].append(
      AssignedMask(
        path: header.identity.path, name: "", names: [:], digest: header.pixelDigest,
        object: object.kind))
  }

  private func matches(_ object: LabelObject) -> [Candidate] {
    let named = object.seriesUIDs.flatMap { bySeries[$0] ?? [] }
    if !named.isEmpty { return narrowed(named, object) }
    let instances = Set(object.instanceUIDs)
    let holding =
      instances.isEmpty ? [] : candidates.filter { !$0.instances.isDisjoint(with: instances) }
    if !holding.isEmpty { return narrowed(holding, object) }
    return narrowed(object.frameOfReferenceUIDs.flatMap { byFrame[$0] ?? [] }, object)
  }

  /// Why no volume was found, in a sentence without its full stop.
  private func unmatched(_ object: LabelObject) -> String {
    if let refused = object.seriesUIDs.first(where: given.contains) {
      return "the series that it was drawn on was not taken: \(refused)"
    }
    guard let series = object.seriesUIDs.first else {
      let names = object.instanceUIDs.isEmpty && object.frameOfReferenceUIDs.isEmpty
      return names
        ? "it names no series, image or Frame of Reference"
        : "no image or Frame of Reference that it names is one of a volume"
    }
    return "the series that it was drawn on is not here: \(series)"
  }

  private func narrowed(_ matches: [Candidate], _ object: LabelObject) -> [Candidate] {
    guard matches.count > 1 else { return matches }
    let instances = Set(object.instanceUIDs)
    let holding = matches.filter { !$0.instances.isDisjoint(with: instances) }
    if holding.count == 1 { return holding }
    let rest = holding.isEmpty ? matches : holding
    guard let grid = object.grid else { return rest }
    let fitting = rest.filter { LabelPlace.lies(grid, within: $0.grid) }
    return fitting.isEmpty ? rest : fitting
  }
}

extension LabelPlace {
  /// Whether the voxels of a smaller grid are voxels of `volume`, in whatever order of axes.
  static func lies(_ part: Grid, within volume: Grid) -> Bool {
    let (axes, flips) = part.order(along: volume)
    let turned = part.reordered(axes: axes, flips: flips)
    let toIndex = volume.affine.inverse
    let last = SIMD3<Double>(turned.size &- SIMD3(repeating: 1))
    let (low, high) = (toIndex(turned.affine.origin), toIndex(turned.affine(last)))
    return (0..<3).allSatisfy { axis in
      isWhole(low[axis]) && isWhole(high[axis]) && low[axis] > -0.05
        && high[axis] < Double(volume.size[axis]) - 0.95
        && (last[axis] == 0 || isWhole((high[axis] - low[axis]) / last[axis]))
    }
  }

  /// Whether a number is whole within a twentieth.
  private static func isWhole(_ value: Double) -> Bool { abs(value - value.rounded()) < 0.05 }
}
