import Augment

/// B slices, two views of each, in host memory.
public struct CropPairBatch: Sendable, Equatable {
  /// The step it belongs to, from 0.
  public var step: Int
  /// Slices, B.
  public var count: Int
  /// Channels, C.
  public var channels: Int
  /// The side of a view, S.
  public var size: Int
  /// What the query encoder sees: B×C×S×S real values; none where `stored` is there instead.
  public var queries: BatchNumbers<Float>
  /// What the key encoder sees, likewise.
  public var keys: BatchNumbers<Float>
  /// The slices themselves, where the views are made elsewhere.
  public var stored: StoredSlices?
  /// The slices' ordinals in the source, B.
  public var slices: [Int]
  /// The ordinals of their volumes, B.
  public var volumes: [Int32]
  /// Where they lie along their volume's normal, in millimetres, B.
  public var positions: [Float]
  /// How the views were drawn, B.
  public var pairs: [CropPair]
  /// The regions for local contrast, unless the recipe asks for none.
  public var regions: RegionBatch?
}

/// Slices as a store holds them: real value = stored × scale + offset.
public struct StoredSlices: Sendable, Equatable {
  /// Rows, H.
  public var height: Int
  /// Columns, W.
  public var width: Int
  /// The real value of one stored step.
  public var scale: Float
  /// The real value of a stored 0.
  public var offset: Float
  /// B×C×H×W.
  public var pixels: BatchNumbers<Int16>
}

/// R regions of s×s points for each of B pairs.
public struct RegionBatch: Sendable, Equatable {
  /// Regions of a pair, R.
  public var count: Int
  /// Points along a region's side, s.
  public var points: Int
  /// Where the query views see them: B×R×s×s×2 `(x, y)` in `grid_sample`'s coordinates with
  /// `align_corners=false`.
  public var queryPoints: [Float]
  /// Where the key views see them, likewise.
  public var keyPoints: [Float]
  /// B×R×R, 1 where two different regions overlap in the slice: no negatives of each other.
  /// Symmetric, 0 on the diagonal.
  public var overlap: [UInt8]
  /// B, 1 where a pair has regions; 0 where its views overlap too little, which must be left out
  /// of the local loss.
  public var valid: [UInt8]

  init(_ regions: [LocalRegions], _ recipe: RegionRecipe) {
    (count, points) = (recipe.count, recipe.points)
    queryPoints = regions.flatMap(\.queryPoints)
    keyPoints = regions.flatMap(\.keyPoints)
    overlap = regions.flatMap(\.overlap)
    valid = regions.map { $0.isValid ? 1 : 0 }
  }
}
