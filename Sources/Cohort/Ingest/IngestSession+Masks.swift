import DICOM
import Foundation
import Imaging
import SliceStore

/// A mask on its volume's grid.
struct ReadMask {
  var label: CohortLabel
  var digest: String
  var source: String
  /// What keyed names of its structures stand for.
  var texts: [String: String] = [:]

  /// What the ledger keeps of it.
  var origin: Origin {
    Origin(name: label.name, digest: digest, source: source, texts: texts)
  }

  struct Origin: Sendable {
    var name, digest, source: String
    var texts: [String: String]
  }
}

extension IngestSession {
  /// Whether a stored volume has these masks already, unchanged.
  func has(_ masks: [AssignedMask], _ id: String) throws -> Bool {
    let names = Set(try writer.record(id).labels.map(\.name))
    let digests = try ledger.masks(of: id)
    return masks.allSatisfy { mask in
      if mask.object != nil { return digests.values.contains(mask.digest) }
      return names.contains(mask.name) && (digests[mask.name] ?? mask.digest) == mask.digest
    }
  }

  /// Keeps where the masks of a volume came from, and what their names stand for.
  func keep(_ masks: [ReadMask.Origin], of id: String) throws {
    try ledger.keep(masks: masks.map { ($0.name, $0.digest, $0.source) }, of: id)
    try ledger.keep(
      structures: masks.reduce(into: [:]) { $0.merge($1.texts) { first, _ in first } }, of: id)
  }

  /// Reads masks and brings them to the volume's grid; one that does not fit is refused, and its
  /// volume taken without it. Names of the stored volume's masks from other files stay theirs.
  func readMasks(
    _ masks: [AssignedMask], on grid: Grid, _ worker: Worker, stored id: String? = nil
  ) throws -> [ReadMask] {
    var read: [ReadMask] = []
    var taken = Set(masks.filter { $0.object == nil }.map(\.name))
    if let id { taken.formUnion(try ledger.maskNames(of: id, notFrom: Set(masks.map(\.path)))) }
    for mask in masks {
      var problem: Fault?
      do throws(Fault) {
        if mask.object != nil {
          let found = try readStructures(mask, on: grid, worker, &taken)
          (read, problem) = (read + found.masks, found.problem)
        } else {
          read += try readClasses(mask, on: grid, worker, &taken)
        }
      } catch {
        problem = error
      }
      if let problem {
        try refuse(Refusal(problem.code, .label, name: mask.path, sentence: problem.sentence))
      } else {
        try ledger.withdraw(.label, [mask.path])
      }
    }
    return read
  }

  /// A NIfTI mask, and the regions that its description makes of its classes.
  private func readClasses(
    _ mask: AssignedMask, on grid: Grid, _ worker: Worker, _ taken: inout Set<String>
  ) throws(Fault) -> [ReadMask] {
    let drawn = try worker.readMask(mask.path)
    if mask.isClosed {
      let known = Set(mask.names.keys).union(mask.regions.values.joined()).union([0])
      if let unknown = drawn.present.first(where: { !known.contains($0) }) {
        throw Fault(.labelUnknown, "it holds class \(unknown), which its description does not name")
      }
    }
    let (placed, difference) = try place(drawn, on: grid)
    var label = CohortLabel(name: mask.name, names: mask.names, size: grid.size) {
      placed.source()
    }
    label.resampledFrom = difference
    var read = [ReadMask(label: label, digest: mask.digest, source: mask.path)]
    for (name, classes) in mask.regions.sorted(by: { $0.key < $1.key }) where classes.count > 1 {
      let inside = Set(classes.map { UInt16($0) })
      var region = CohortLabel(
        name: StructureImage.free(StructureNames.sanitised(name), &taken), names: [1: name],
        size: grid.size
      ) {
        placed.source { inside.contains($0) ? 1 : 0 }
      }
      region.resampledFrom = difference
      read.append(ReadMask(label: region, digest: mask.digest, source: mask.path))
    }
    return read
  }

  /// The mask on the volume's grid: in another order of axes, or resampled where the recipe says so.
  private func place(
    _ mask: DrawnMask, on grid: Grid
  ) throws(Fault) -> (DrawnMask, difference: GridDifference?) {
    if let aligned = try mask.aligned(to: grid) { return (aligned, nil) }
    guard mask.isPlaced else {
      throw Fault(.labelGrid, "its header does not say where it lies: no sform, no qform")
    }
    let difference = GridDifference(mask.grid, grid)
    guard let method = recipe.masks.otherGrid.resampling else {
      throw Fault(.labelGrid, "it lies on another grid: \(difference)")
    }
    try checkResampling(of: mask.grid)
    return (DrawnMask(try mask.map().resampled(to: grid, by: method)), difference)
  }

  /// Throws for a grid of too many voxels, which two small frames may span: what is resampled is in
  /// memory whole.
  private func checkResampling(of grid: Grid) throws(Fault) {
    guard grid.count <= recipe.limits.volumeBytes / 2 else {
      throw Fault(.limit, "to resample it takes more than the bytes of a volume: 2 × \(grid.count)")
    }
  }

  /// New masks, and those that the stored volume has under other names. A new one without names of
  /// classes keeps those of the mask that it replaces.
  func keepingOld(_ new: [ReadMask], of id: String) throws -> [ReadMask] {
    guard let stored, stored.contains(id) else { return new }
    let digests = try ledger.masks(of: id)
    let sources = try ledger.maskSources(of: id)
    let record = try writer.record(id)
    var all = new
    for old in record.labels {
      if let place = all.firstIndex(where: { $0.label.name == old.name }) {
        if all[place].label.names.isEmpty { all[place].label.names = old.names }
      } else {
        var label = CohortLabel(name: old.name, names: old.names, size: record.grid.size) {
          try stored.label(id, old.name)
        }
        label.resampledFrom = old.resampledFrom
        all.append(
          ReadMask(label: label, digest: digests[old.name] ?? "", source: sources[old.name] ?? ""))
      }
    }
    return all
  }
}

extension IngestSession {
  /// The structures of a SEG or an RTSTRUCT as label images; `taken` are names that are in use.
  private func readStructures(
    _ object: AssignedMask, on grid: Grid, _ worker: Worker, _ taken: inout Set<String>
  ) throws(Fault) -> (masks: [ReadMask], problem: Fault?) {
    let (own, structures) = try worker.structures(
      object.path, on: grid, threshold: recipe.masks.fraction)
    let resampling = recipe.masks.otherGrid.resampling
    if own != grid {
      guard resampling != nil else {
        throw Fault(.labelGrid, "it lies on another grid: \(GridDifference(own, grid))")
      }
      try checkResampling(of: own)
    }
    let problems = structures.compactMap { one in
      one.problem.map { "structure \(one.name.number): \($0)" }
    }
    // The numbers of a structure set's regions differ from patient to patient; a SEG's are classes.
    let images = StructureImage.images(
      of: structures.filter { $0.problem == nil },
      names: StructureNames(pseudonyms, given: recipe.masks.names),
      together: object.object == .segmentation && recipe.masks.segments == .together, &taken)
    let masks = images.map { image in
      var label = CohortLabel(name: image.name, names: image.names, size: grid.size) {
        let drawn = image.drawn(on: own)
        guard own != grid else { return drawn.source() }
        return DrawnMask(try drawn.map().resampled(to: grid, by: resampling ?? .nearest)).source()
      }
      if own != grid { label.resampledFrom = GridDifference(own, grid) }
      return ReadMask(
        label: label, digest: object.digest, source: object.path, texts: image.texts)
    }
    return (
      masks,
      problems.isEmpty ? nil : Fault(.labelStructure, problems.joined(separator: "; "))
    )
  }
}
