import Imaging
import Zarr

extension CohortVolume: Codable {
  private enum Key: String, CodingKey {
    case id, patient, study, series, modality, size, affine, leading, leadingCount, type, slope
    case intercept, units, labels, acquisition, channelNames, source, sourceDigest, flags
    case niftiHeader
  }

  /// Writes plain words and numbers: the size as `[x, y, z]`, the affine as the four rows of a
  /// matrix from an index `(x, y, z)` to LPS millimetres.
  public func encode(to encoder: Encoder) throws {
    var to = encoder.container(keyedBy: Key.self)
    try to.encode(id, forKey: .id)
    try to.encode(patient, forKey: .patient)
    try to.encodeIfPresent(study, forKey: .study)
    try to.encodeIfPresent(series, forKey: .series)
    try to.encodeIfPresent(modality, forKey: .modality)
    try to.encode([grid.size.x, grid.size.y, grid.size.z], forKey: .size)
    try to.encode(grid.affine.rows, forKey: .affine)
    try to.encode(type, forKey: .type)
    switch leading {
    case .none: break
    case .time(let count):
      try to.encode("time", forKey: .leading)
      try to.encode(count, forKey: .leadingCount)
    case .channel(let count):
      try to.encode("channel", forKey: .leading)
      try to.encode(count, forKey: .leadingCount)
    }
    switch scaling {
    case .identity: break
    case .uniform(let slope, let intercept):
      try to.encode(slope, forKey: .slope)
      try to.encode(intercept, forKey: .intercept)
    case .perSlice(let slope, let intercept):
      try to.encode(slope, forKey: .slope)
      try to.encode(intercept, forKey: .intercept)
    }
    try to.encodeIfPresent(units, forKey: .units)
    try to.encode(labels, forKey: .labels)
    try to.encode(acquisition, forKey: .acquisition)
    try to.encode(channelNames, forKey: .channelNames)
    try to.encode(source, forKey: .source)
    try to.encode(sourceDigest, forKey: .sourceDigest)
    try to.encode(flags, forKey: .flags)
    try to.encodeIfPresent(niftiHeader, forKey: .niftiHeader)
  }

  /// Reads what ``encode(to:)`` wrote; numbers that cannot be are refused.
  public init(from decoder: Decoder) throws {
    let from = try decoder.container(keyedBy: Key.self)
    func bad(_ key: Key) -> DecodingError {
      .dataCorruptedError(forKey: key, in: from, debugDescription: "impossible")
    }
    id = try from.decode(String.self, forKey: .id)
    patient = try from.decode(String.self, forKey: .patient)
    study = try from.decodeIfPresent(String.self, forKey: .study)
    series = try from.decodeIfPresent(String.self, forKey: .series)
    modality = try from.decodeIfPresent(String.self, forKey: .modality)
    let size = try from.decode([Int].self, forKey: .size)
    guard size.count == 3, size.allSatisfy({ (1...1 << 20).contains($0) }) else { throw bad(.size) }
    guard let affine = Affine(rows: try from.decode([[Double]].self, forKey: .affine)) else {
      throw bad(.affine)
    }
    grid = Grid(size: SIMD3(size[0], size[1], size[2]), affine: affine)
    type = try from.decode(VoxelType.self, forKey: .type)
    let count = try from.decodeIfPresent(Int.self, forKey: .leadingCount) ?? 1
    guard (1...1 << 20).contains(count) else { throw bad(.leadingCount) }
    switch try from.decodeIfPresent(String.self, forKey: .leading) {
    case nil: leading = .none
    case "time": leading = .time(count)
    case "channel": leading = .channel(count)
    default: throw bad(.leading)
    }
    scaling = try Self.scaling(from, slices: leading.count * size[2])
    units = try from.decodeIfPresent(String.self, forKey: .units)
    labels = try from.decode([LabelImage].self, forKey: .labels)
    acquisition = try from.decode([String: JSON].self, forKey: .acquisition)
    channelNames = try from.decode([String].self, forKey: .channelNames)
    source = try from.decode(Source.self, forKey: .source)
    sourceDigest = try from.decode(String.self, forKey: .sourceDigest)
    flags = try from.decode([String].self, forKey: .flags)
    niftiHeader = try from.decodeIfPresent(String.self, forKey: .niftiHeader)
  }

  private static func scaling(
    _ from: KeyedDecodingContainer<Key>, slices: Int
  ) throws -> Scaling {
    guard from.contains(.slope) else { return .identity }
    if let slope = try? from.decode(Double.self, forKey: .slope) {
      return .uniform(slope: slope, intercept: try from.decode(Double.self, forKey: .intercept))
    }
    let slope = try from.decode([Double].self, forKey: .slope)
    let intercept = try from.decode([Double].self, forKey: .intercept)
    guard slope.count == slices, intercept.count == slices else {
      throw DecodingError.dataCorruptedError(
        forKey: .slope, in: from, debugDescription: "not one a slice")
    }
    return .perSlice(slope: slope, intercept: intercept)
  }
}

extension Affine {
  /// The four rows of the matrix, index `(x, y, z)` to LPS millimetres.
  var rows: [[Double]] {
    [
      [x.x, y.x, z.x, origin.x], [x.y, y.y, z.y, origin.y], [x.z, y.z, z.z, origin.z],
      [0, 0, 0, 1],
    ]
  }

  init?(rows: [[Double]]) {
    guard rows.count == 4, rows.allSatisfy({ $0.count == 4 }) else { return nil }
    func column(_ c: Int) -> SIMD3<Double> { SIMD3(rows[0][c], rows[1][c], rows[2][c]) }
    self.init(x: column(0), y: column(1), z: column(2), origin: column(3))
  }
}
