import DICOM
import Imaging

/// A label image that is to be made of structures: one of them, or several that do not overlap.
struct StructureImage: Sendable {
  var name: String
  /// What its classes are called.
  var names: [Int: String]
  /// Structures with their classes.
  var parts: [(label: UInt16, mask: StructureMask)]
  /// What keyed names among them stand for.
  var texts: [String: String] = [:]

  /// One image for all where that is wanted and none overlap, else one each. `taken` are names of
  /// images that are in use.
  static func images(
    of structures: [Structure], names: StructureNames, together: Bool, _ taken: inout Set<String>
  ) -> [StructureImage] {
    guard together, !overlap(structures) else {
      return structures.map { structure in
        let (wanted, text) = names.name(of: structure.name)
        let name = free(wanted, &taken)
        return StructureImage(
          name: name, names: [1: name], parts: [(1, structure.mask)],
          texts: text.map { [name: $0] } ?? [:])
      }
    }
    guard !structures.isEmpty else { return [] }
    var image = StructureImage(name: free("labels", &taken), names: [:], parts: [])
    for structure in structures {
      let (name, text) = names.name(of: structure.name)
      let number = structure.name.number
      image.names[number] = name
      image.texts[name] = text
      image.parts.append((UInt16(clamping: number), structure.mask))
    }
    return [image]
  }

  /// Whether two of the structures share a voxel.
  static func overlap(_ structures: [Structure]) -> Bool {
    guard var all = structures.first?.mask else { return false }
    for structure in structures.dropFirst() {
      if all.intersects(structure.mask) { return true }
      all.formUnion(structure.mask)
    }
    return false
  }

  /// The name, or the first that is free of it with a number behind.
  static func free(_ name: String, _ taken: inout Set<String>) -> String {
    if taken.insert(name).inserted { return name }
    var number = 2
    while !taken.insert("\(name)-\(number)").inserted { number += 1 }
    return "\(name)-\(number)"
  }

  /// The image's voxels, on the grid of its structures.
  func drawn(on grid: Grid) -> DrawnMask {
    let present = parts.filter { $0.mask.count > 0 }.map { Int($0.label) }
    return DrawnMask(grid: grid, present: [0] + present.sorted()) { z in
      var classes = [UInt16](repeating: 0, count: grid.sliceCount)
      for part in parts { part.mask.paint(part.label, slice: z, into: &classes) }
      return classes
    }
  }
}
