/// Writes an array from chunks that come in C order, for arrays whose shards hold runs of that order:
/// those that are cut along one axis only, all the axes before it having one chunk a shard.
///
/// One packed chunk is in memory at a time.
public final class ShardSequence {
  private let folder: String
  private let metadata: ArrayMetadata
  private let syncing: Bool
  private let shards: [[Int]]
  private var writer: ShardWriter?
  /// For each chunk of the open shard, whether the array has it.
  private var places: [Bool] = []
  private var files: [(path: String, digest: FileDigest)] = []

  /// Prepares to write below `folder`, which is made when the first chunk comes.
  public init(_ folder: String, metadata: ArrayMetadata, syncing: Bool = true) {
    (self.folder, self.metadata, self.syncing) = (folder, metadata, syncing)
    shards = Array(coordinates(of: metadata.shardGrid))
  }

  /// Appends the next chunk, packed.
  public func append(packed: [UInt8]) throws(ZarrError) {
    let writer = if let open = self.writer { open } else { try begin() }
    try writer.append(packed: packed)
    while !writer.isFull, !places[writer.count] { writer.skip() }
    if writer.isFull { try finish(writer) }
  }

  /// Writes `zarr.json` after the last chunk; returns each file below the folder with its digest.
  public func finish() throws(ZarrError) -> [(path: String, digest: FileDigest)] {
    precondition(writer == nil && files.count == shards.count, "chunks are missing")
    let array = ArrayWriter(folder, metadata: metadata, syncing: syncing)
    return files + [("zarr.json", try array.writeMetadata())]
  }

  private func begin() throws(ZarrError) -> ShardWriter {
    precondition(files.count < shards.count, "more chunks than the array has")
    let path = folder + "/" + metadata.key(ofShard: shards[files.count])
    try makeFolder(Zarr.folder(of: path))
    let writer = try ShardWriter(path, metadata: metadata)
    let (per, grid, shard) = (metadata.chunksPerShard, metadata.chunkGrid, shards[files.count])
    places = coordinates(of: per).map { inner in
      zip(zip(zip(shard, per), inner).map { $0.0 * $0.1 + $1 }, grid).allSatisfy { $0 < $1 }
    }
    self.writer = writer
    return writer
  }

  private func finish(_ writer: ShardWriter) throws(ZarrError) {
    let digest = try writer.finish(syncing: syncing)
    files.append((metadata.key(ofShard: shards[files.count]), digest))
    self.writer = nil
  }
}
