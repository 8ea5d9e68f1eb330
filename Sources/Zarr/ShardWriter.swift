/// Writes one shard, chunk by chunk in the order of its index, and puts it in place when whole.
///
/// Only one packed chunk is in memory at a time. A shard that is not finished leaves nothing.
public final class ShardWriter {
  /// The array that the shard belongs to.
  public let metadata: ArrayMetadata
  private let file: DurableFile
  private var index: ShardIndex
  /// How many chunks were given so far.
  public private(set) var count = 0

  /// Opens the shard at `path`, whose folder must exist; the index goes to the end.
  public init(_ path: String, metadata: ArrayMetadata) throws(ZarrError) {
    precondition(!metadata.indexAtStart, "shards are written with their index at the end")
    precondition(!metadata.indexIsBigEndian, "the index of a shard is written little endian")
    file = try DurableFile(path)
    self.metadata = metadata
    index = ShardIndex(count: metadata.chunksPerShard.reduce(1, *))
  }

  /// Whether every chunk of the shard has been given.
  public var isFull: Bool { count == index.places.count }

  /// Packs and appends the next chunk.
  public func append(_ chunk: UnsafeRawBufferPointer) throws(ZarrError) {
    try metadata.codec.withEncoded(chunk) { packed throws(ZarrError) in try append(packed: packed) }
  }

  /// Appends the next chunk, already packed (perhaps on another thread).
  public func append(packed: [UInt8]) throws(ZarrError) {
    let result = packed.withUnsafeBytes { bytes in
      Result { () throws(ZarrError) in try append(packed: bytes) }
    }
    try result.get()
  }

  /// Appends the next chunk, already packed.
  public func append(packed: UnsafeRawBufferPointer) throws(ZarrError) {
    precondition(!isFull, "the shard is full")
    index.places[count] = file.size..<file.size + packed.count
    try file.write(packed)
    count += 1
  }

  /// Leaves the next chunk out: readers see the fill value.
  public func skip() {
    precondition(!isFull, "the shard is full")
    count += 1
  }

  /// Writes the index, syncs and renames; chunks not given stay the fill value.
  ///
  /// `syncing: false` leaves the sync to ``syncTree(_:)``.
  public func finish(syncing: Bool = true) throws(ZarrError) -> FileDigest {
    try file.write(index.bytes(checksum: metadata.indexChecksum))
    return try file.commit(syncing: syncing)
  }
}
