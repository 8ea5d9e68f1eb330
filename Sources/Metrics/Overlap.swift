import Imaging

/// How many voxels of each class two masks have, each and in common.
struct Counts {
  private var ours: [Int: Int] = [:]
  private var theirs: [Int: Int] = [:]
  private var common: [Int: Int] = [:]

  /// The classes that occur in either mask.
  var present: [Int] { Set(ours.keys).union(theirs.keys).sorted() }

  init(_ mask: LabelMap, _ reference: LabelMap) {
    precondition(mask.labels.count == reference.labels.count, "masks of different size")
    let classes = 65_536
    var table = [Int](repeating: 0, count: 3 * classes)
    table.withUnsafeMutableBufferPointer { table in
      for (a, b) in zip(mask.labels, reference.labels) {
        table[Int(a)] &+= 1
        table[classes &+ Int(b)] &+= 1
        if a == b { table[2 &* classes &+ Int(a)] &+= 1 }
      }
    }
    func occurring(_ part: Int) -> [Int: Int] {
      var counts: [Int: Int] = [:]
      for label in 0..<classes where table[part * classes + label] > 0 {
        counts[label] = table[part * classes + label]
      }
      return counts
    }
    (ours, theirs, common) = (occurring(0), occurring(1), occurring(2))
  }

  func mask(_ label: Int) -> Int { ours[label] ?? 0 }
  func reference(_ label: Int) -> Int { theirs[label] ?? 0 }

  func dice(_ label: Int) -> Double {
    let both = mask(label) + reference(label)
    return both == 0 ? 1 : 2 * Double(common[label] ?? 0) / Double(both)
  }
}

/// The Dice coefficient of one class, 0…1; 1 when neither mask has it, 0 when only one has.
///
/// Both maps must have the same number of voxels.
public func dice(_ mask: LabelMap, _ reference: LabelMap, label: Int) -> Double {
  Counts(mask, reference).dice(label)
}

/// The 95th percentile of the surface distances of one class, mm; nil when either mask lacks it.
public func hd95(_ mask: LabelMap, _ reference: LabelMap, label: Int) -> Double? {
  SurfaceDistances(mask, reference, label: label)?.hd95
}

/// The average symmetric surface distance of one class, mm; nil when either mask lacks it.
public func assd(_ mask: LabelMap, _ reference: LabelMap, label: Int) -> Double? {
  SurfaceDistances(mask, reference, label: label)?.assd
}

/// How much larger one class is in the mask than in the reference, ml; negative when smaller.
public func volumeError(_ mask: LabelMap, _ reference: LabelMap, label: Int) -> Double {
  let counts = Counts(mask, reference)
  let voxels = counts.mask(label) - counts.reference(label)
  return Double(voxels) * abs(reference.grid.affine.determinant) / 1000
}
