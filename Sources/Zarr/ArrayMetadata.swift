/// What `zarr.json` says of an array that is stored in shards (Zarr v3 core, `sharding_indexed`).
public struct ArrayMetadata: Sendable, Equatable {
  /// Numbers along each axis, slowest first.
  public var shape: [Int]
  /// The type of one number.
  public var type: DataType
  /// Numbers along each axis of one shard, the file.
  public var shard: [Int]
  /// Numbers along each axis of one chunk inside a shard; it divides the shard.
  public var chunk: [Int]
  /// How a chunk is written.
  public var codec: ChunkCodec
  /// The value of chunks that are not there.
  public var fill: JSON
  /// Whether the shard's index stands before its chunks instead of after them.
  public var indexAtStart = false
  /// Whether the shard's index ends in a CRC-32C.
  public var indexChecksum = true
  /// Whether the numbers of the shard's index have their highest byte first.
  public var indexIsBigEndian = false
  /// Names of the axes, where they have any.
  public var dimensionNames: [String]?
  /// What the array's owner says of it.
  public var attributes: [String: JSON]

  /// Makes metadata; traps when a chunk does not divide its shard.
  public init(
    shape: [Int], type: DataType, shard: [Int], chunk: [Int], codec: ChunkCodec,
    fill: JSON = 0, dimensionNames: [String]? = nil, attributes: [String: JSON] = [:]
  ) {
    (self.shape, self.type, self.shard, self.chunk) = (shape, type, shard, chunk)
    (self.codec, self.fill) = (codec, fill)
    (self.dimensionNames, self.attributes) = (dimensionNames, attributes)
    if let fault { preconditionFailure(fault) }
  }

  /// Bytes of one unpacked chunk.
  public var chunkBytes: Int { chunk.reduce(type.size, *) }

  /// Chunks along each axis of a shard.
  public var chunksPerShard: [Int] { zip(shard, chunk).map { $0 / $1 } }

  /// Shards along each axis; the last may hang over the array's edge.
  public var shardGrid: [Int] { zip(shape, shard).map { ($0 + $1 - 1) / $1 } }

  /// Chunks along each axis that hold part of the array.
  public var chunkGrid: [Int] { zip(shape, chunk).map { ($0 + $1 - 1) / $1 } }

  /// The shard's file below the array's folder (chunk key encoding `default`).
  public func key(ofShard shard: [Int]) -> String {
    "c" + shard.map { "/\($0)" }.joined()
  }

  /// Which shard holds a chunk, and its place in that shard's index (C order).
  public func place(ofChunk chunk: [Int]) -> (shard: [Int], ordinal: Int) {
    let per = chunksPerShard
    var ordinal = 0
    for axis in chunk.indices { ordinal = ordinal * per[axis] + chunk[axis] % per[axis] }
    return (zip(chunk, per).map { $0 / $1 }, ordinal)
  }

  /// What makes these numbers no array, or nil: shapes from a file may be anything.
  var fault: String? {
    let rank = shape.count
    guard rank >= 1, rank <= 8, shard.count == rank, chunk.count == rank else {
      return "shapes of different or senseless rank"
    }
    if let names = dimensionNames, names.count != rank { return "dimension names of another rank" }
    guard shape.allSatisfy({ $0 >= 0 && $0 <= 1 << 40 }) else { return "an impossible shape" }
    for (whole, part) in zip(shard, chunk) where part < 1 || whole < part || whole % part != 0 {
      return "chunks of \(chunk) do not divide shards of \(shard)"
    }
    guard product(chunk, type.size, limit: 1 << 31) != nil else { return "a chunk above 2 GiB" }
    guard product(chunksPerShard, 1, limit: 1 << 24) != nil else {
      return "too many chunks a shard"
    }
    guard product(shape, type.size, limit: 1 << 60) != nil else { return "an impossible shape" }
    return type.bytes(of: fill) == nil ? "a fill value that is no \(type.rawValue)" : nil
  }

  private func product(_ factors: [Int], _ start: Int, limit: Int) -> Int? {
    var result = start
    for factor in factors {
      let (next, overflow) = result.multipliedReportingOverflow(by: factor)
      guard !overflow, next <= limit else { return nil }
      result = next
    }
    return result
  }
}
