import Zarr

/// What holds for a slice store as a whole.
public struct SliceStoreAttributes: Codable, Sendable, Equatable {
  /// Channels, rows and columns of every slice.
  public var channels, height, width: Int
  /// A normalised value is `stored × scaleFactor + addOffset`.
  public var scaleFactor, addOffset: Double
  /// Names of the channels, where they have any.
  public var channelNames: [String]
  /// Names of the classes. A store without any has no array of labels.
  public var labelNames: [Int: String]
  /// The recipe that made the slices, as resolved.
  public var recipe: JSON
  /// ``CohortStore/digest`` of the cohort they were made from.
  public var cohortDigest: String
  /// The size in bytes that a shard of images aims at, before compression.
  public var shardBytes: Int
  /// What images are packed for; none is ``SlicePacking/small``.
  public var packing: SlicePacking?

  /// Describes a store to be written.
  public init(
    channels: Int, height: Int, width: Int, scaleFactor: Double = 1, addOffset: Double = 0,
    channelNames: [String] = [], labelNames: [Int: String] = [:], recipe: JSON = .object([:]),
    cohortDigest: String = "", shardBytes: Int = 64 << 20, packing: SlicePacking? = nil
  ) {
    (self.channels, self.height, self.width) = (channels, height, width)
    (self.scaleFactor, self.addOffset) = (scaleFactor, addOffset)
    (self.channelNames, self.labelNames, self.recipe) = (channelNames, labelNames, recipe)
    (self.cohortDigest, self.shardBytes, self.packing) = (cohortDigest, shardBytes, packing)
  }

  /// Stored numbers of one slice of all channels.
  public var sliceCount: Int { channels * height * width }

  /// Whether the store has an array of labels.
  public var hasLabels: Bool { !labelNames.isEmpty }

  /// Slices of one shard, of the images and of the labels alike.
  var slicesPerShard: Int { max(1, shardBytes / (2 * sliceCount)) }

  /// Whether the numbers can be those of a store: they may come from a damaged file.
  var isPossible: Bool {
    let sides = [channels, height, width]
    return sides.allSatisfy { (1...32_768).contains($0) } && sliceCount <= 1 << 29
      && (1...1 << 40).contains(shardBytes) && slicesPerShard <= 1 << 20 && scaleFactor.isFinite
      && addOffset.isFinite
  }
}

/// What the images of a slice store are packed for (`docs/benchmarks/codecs.md`).
public enum SlicePacking: String, Codable, Sendable, CaseIterable {
  /// Few bytes: zstd.
  case small
  /// Reading at two to three times the speed, writing at three or more, for a third to a half more
  /// bytes: LZ4.
  case fast

  /// How a slice of 16-bit numbers becomes bytes.
  public var codec: ChunkCodec {
    switch self {
    case .small: .blosc(level: 1, typeSize: 2)
    case .fast: .blosc("lz4", level: 9, typeSize: 2)
    }
  }
}

/// The two arrays of a slice store.
enum SliceLayout {
  static let format = "slices"
  static let version = 2
  /// A label that says that nobody looked.
  static let unlabelled: UInt8 = 255

  static func image(_ attributes: SliceStoreAttributes, count: Int) -> ArrayMetadata {
    let (c, h, w) = (attributes.channels, attributes.height, attributes.width)
    return ArrayMetadata(
      shape: [count, c, h, w], type: .int16, shard: [attributes.slicesPerShard, c, h, w],
      chunk: [1, c, h, w], codec: (attributes.packing ?? .small).codec,
      dimensionNames: ["slice", "c", "y", "x"],
      attributes: [
        "scale_factor": .number(attributes.scaleFactor),
        "add_offset": .number(attributes.addOffset),
      ])
  }

  static func label(_ attributes: SliceStoreAttributes, count: Int) -> ArrayMetadata {
    let (h, w) = (attributes.height, attributes.width)
    return ArrayMetadata(
      shape: [count, h, w], type: .uint8, shard: [attributes.slicesPerShard, h, w],
      chunk: [1, h, w], codec: .zstd(level: 3), fill: .int(Int(unlabelled)),
      dimensionNames: ["slice", "y", "x"])
  }
}
