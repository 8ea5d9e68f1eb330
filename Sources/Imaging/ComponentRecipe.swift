/// Which connected parts of a mask's classes stay: what is small is often a mistake.
public struct ComponentRecipe: Codable, Sendable, Equatable {
  /// Whether of each class the largest part alone stays, of equal ones the first.
  public var keepLargest = false
  /// Parts of less than so many mm³ go, of all classes or of each by its label; 0 leaves all.
  public var minimumVolume: MinimumVolume = 0
  /// What is connected: 6 by faces, 26 by corners too.
  public var connectivity = Connectivity.corners

  /// The defaults: everything stays.
  public init() {}

  /// Whether anything is removed.
  public var isActive: Bool { keepLargest || minimumVolume.isActive }

  /// The mask without the parts that do not stay; these become background.
  public func cleaned(_ mask: LabelMap) -> LabelMap {
    guard isActive else { return mask }
    let components = Components(mask, connectivity)
    var largest: [UInt16: Int] = [:]
    for (index, part) in components.parts.enumerated() {
      if part.voxels > largest[part.label].map({ components.parts[$0].voxels }) ?? 0 {
        largest[part.label] = index
      }
    }
    let voxel = abs(mask.grid.affine.determinant)
    var result = mask
    components.remove(from: &result) { index, part in
      keepLargest && largest[part.label] != index
        || Double(part.voxels) * voxel < minimumVolume(part.label)
    }
    return result
  }
}
