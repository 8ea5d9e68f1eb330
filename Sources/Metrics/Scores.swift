import Imaging

/// How well one class of a mask overlaps with its reference.
///
/// A class that is in neither mask is a right answer: Dice 1. One that is in only one of them
/// scores Dice 0. In both cases there is no surface to measure from, and the distances are nil
/// (absent from JSON), so that no invented number enters a mean.
public struct ClassScores: Codable, Sendable, Equatable {
  /// The class, as it is written in the masks.
  public var label: Int
  /// What the class is called, where that is known.
  public var name: String?
  /// Dice coefficient, 0…1: twice the overlap over the sum of both volumes (Dice 1945).
  public var dice: Double
  /// 95th percentile of the surface distances, mm; nil when a surface is missing.
  public var hd95: Double?
  /// Average symmetric surface distance, mm; nil when a surface is missing.
  public var assd: Double?
  /// Volume in the mask, ml.
  public var volume: Double
  /// Volume in the reference, ml.
  public var referenceVolume: Double
  /// Volume in the mask minus volume in the reference, ml.
  public var volumeError: Double { volume - referenceVolume }
  /// The volume error as a fraction of the reference's volume; nil when that is zero.
  public var relativeVolumeError: Double? {
    referenceVolume > 0 ? volumeError / referenceVolume : nil
  }

  private enum CodingKeys: String, CodingKey {
    case label, name, dice, hd95, assd, volume, referenceVolume, volumeError, relativeVolumeError
  }

  init(_ label: Int, name: String?, dice: Double, volume: Double, referenceVolume: Double) {
    (self.label, self.name, self.dice) = (label, name, dice)
    (self.volume, self.referenceVolume) = (volume, referenceVolume)
  }

  /// Reads what ``encode(to:)`` wrote; the errors of the volume follow from the volumes.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    label = try fields.decode(Int.self, forKey: .label)
    name = try fields.decodeIfPresent(String.self, forKey: .name)
    dice = try fields.decode(Double.self, forKey: .dice)
    hd95 = try fields.decodeIfPresent(Double.self, forKey: .hd95)
    assd = try fields.decodeIfPresent(Double.self, forKey: .assd)
    volume = try fields.decode(Double.self, forKey: .volume)
    referenceVolume = try fields.decode(Double.self, forKey: .referenceVolume)
  }

  /// Writes the stored numbers and the two errors of the volume.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(label, forKey: .label)
    try fields.encodeIfPresent(name, forKey: .name)
    try fields.encode(dice, forKey: .dice)
    try fields.encodeIfPresent(hd95, forKey: .hd95)
    try fields.encodeIfPresent(assd, forKey: .assd)
    try fields.encode(volume, forKey: .volume)
    try fields.encode(referenceVolume, forKey: .referenceVolume)
    try fields.encode(volumeError, forKey: .volumeError)
    try fields.encodeIfPresent(relativeVolumeError, forKey: .relativeVolumeError)
  }
}

/// The scores of one scan, class by class.
public struct CaseScores: Codable, Sendable, Equatable {
  /// What the scan is called.
  public var name: String
  /// One entry a class, in rising order, the background left out.
  public var classes: [ClassScores]

  /// The mean Dice over the classes; 1 when there is none.
  public var meanDice: Double {
    classes.isEmpty ? 1 : classes.map(\.dice).reduce(0, +) / Double(classes.count)
  }
}

/// Compares a mask with its reference.
///
/// - Parameters:
///   - mask: the mask to be judged.
///   - reference: the truth; both must cover the same voxels, in the same order of axes
///     (`LabelMap.aligned(to:)` brings them there).
///   - name: what the scan is called in tables and errors.
///   - labels: the classes to score; nil takes those that occur in either or have a name.
/// - Throws: ``MetricsError`` when the grids differ or are singular.
public func score(
  _ mask: LabelMap, against reference: LabelMap, case name: String, labels: [Int]? = nil
) throws(MetricsError) -> CaseScores {
  try requireSameGrid(mask.grid, reference.grid, name)
  let counts = Counts(mask, reference)
  let named = Set(reference.names.keys).union(mask.names.keys)
  let wanted = labels ?? Set(counts.present).union(named).filter { $0 > 0 }.sorted()
  let millilitres = abs(reference.grid.affine.determinant) / 1000
  let classes = wanted.map { label in
    var scores = ClassScores(
      label, name: reference.names[label] ?? mask.names[label], dice: counts.dice(label),
      volume: Double(counts.mask(label)) * millilitres,
      referenceVolume: Double(counts.reference(label)) * millilitres)
    let distances = SurfaceDistances(mask, reference, label: label)
    (scores.hd95, scores.assd) = (distances?.hd95, distances?.assd)
    return scores
  }
  return CaseScores(name: name, classes: classes)
}

private func requireSameGrid(
  _ mask: Grid, _ reference: Grid, _ name: String
) throws(MetricsError) {
  guard mask.size == reference.size else {
    func sides(_ s: SIMD3<Int>) -> [Int] { [s.x, s.y, s.z] }
    throw .sizesDiffer(case: name, mask: sides(mask.size), reference: sides(reference.size))
  }
  guard mask.affine.isRegular, reference.affine.isRegular else {
    throw .gridIsSingular(case: name)
  }
  let distance = mask.affine.distance(to: reference.affine, over: mask.size)
  guard distance <= 1e-2 else { throw .placesDiffer(case: name, millimetres: distance) }
}
