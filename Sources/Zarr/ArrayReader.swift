/// Reads an array stored in shards, from several threads at once if need be.
public struct ArrayReader: Sendable {
  /// What a shard that is not there means.
  public enum MissingShards: Sendable {
    /// Zarr's rule: the fill value.
    case fill
    /// A store that says which shards it has: damage.
    case refuse
  }

  /// The folder of the array.
  public let folder: String
  /// What its `zarr.json` says.
  public let metadata: ArrayMetadata
  private let missing: MissingShards

  /// Reads `zarr.json` below `folder`.
  public init(_ folder: String, missingShards: MissingShards = .fill) throws(ZarrError) {
    let path = folder + "/zarr.json"
    self.folder = folder
    missing = missingShards
    metadata = try ArrayMetadata(json: JSON(text: readFile(path), path: path), path: path)
  }

  /// One whole chunk, C order, little endian.
  public func read(chunk: [Int]) throws(ZarrError) -> [UInt8] {
    precondition(zip(chunk, metadata.chunkGrid).allSatisfy { $0 >= 0 && $0 < $1 }, "no such chunk")
    let (shard, ordinal) = metadata.place(ofChunk: chunk)
    guard let (file, index) = try open(shard: shard), let place = index.places[ordinal] else {
      return metadata.filled()
    }
    return try read(place, of: file, chunk: chunk)
  }

  /// The whole array, C order, little endian.
  ///
  /// `limit` bytes at most are made room for, since shapes on disk may be anything.
  public func readAll(limit: Int = 8 << 30) throws(ZarrError) -> [UInt8] {
    let size = metadata.shape.reduce(metadata.type.size, *)
    guard size <= limit else {
      throw .unsupported(path: folder, feature: "\(size) bytes in one piece")
    }
    var bytes = [UInt8](repeating: 0, count: size)
    let per = metadata.chunksPerShard
    for shard in coordinates(of: metadata.shardGrid) {
      let opened = try open(shard: shard)
      for (ordinal, inner) in coordinates(of: per).enumerated() {
        let chunk = zip(zip(shard, per), inner).map { $0.0 * $0.1 + $1 }
        guard zip(chunk, metadata.chunkGrid).allSatisfy({ $0 < $1 }) else { continue }
        if let (file, index) = opened, let place = index.places[ordinal] {
          paste(chunk, try read(place, of: file, chunk: chunk), into: &bytes)
        } else {
          paste(chunk, metadata.filled(), into: &bytes)
        }
      }
    }
    return bytes
  }

  /// The file of a shard and its index, checked; nil when a missing one stands for the fill value.
  public func open(shard: [Int]) throws(ZarrError) -> (file: OpenFile, index: ShardIndex)? {
    do {
      let file = try OpenFile(folder + "/" + metadata.key(ofShard: shard))
      return (file, try ShardIndex(file, metadata: metadata))
    } catch .missing(let path) {
      if missing == .refuse { throw .missing(path: path) }
      return nil
    }
  }

  private func read(
    _ place: Range<Int>, of file: OpenFile, chunk: [Int]
  ) throws(ZarrError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: metadata.chunkBytes)
    let result = bytes.withUnsafeMutableBytes { target in
      Result { () throws(ZarrError) in
        try file.read(place, codec: metadata.codec, chunk: "\(chunk)", into: target)
      }
    }
    try result.get()
    return bytes
  }

  private func paste(_ chunk: [Int], _ values: [UInt8], into bytes: inout [UInt8]) {
    let size = metadata.type.size
    bytes.withUnsafeMutableBytes { target in
      values.withUnsafeBytes { source in
        metadata.forEachRow(ofChunk: chunk) { inArray, inChunk, count in
          let row = UnsafeRawBufferPointer(
            rebasing: source[inChunk * size..<(inChunk + count) * size])
          UnsafeMutableRawBufferPointer(rebasing: target[(inArray * size)...]).copyMemory(from: row)
        }
      }
    }
  }
}

extension OpenFile {
  /// Reads and unpacks one chunk: one `pread`, one decode, no allocation. `chunk` names it in errors.
  public func read(
    _ place: Range<Int>, codec: ChunkCodec, chunk: @autoclosure () -> String,
    into target: UnsafeMutableRawBufferPointer
  ) throws(ZarrError) {
    try checkInside(place.lowerBound, place.count)
    let packed = ChunkContext.current.packed.bytes(place.count)
    try read(at: place.lowerBound, into: packed)
    do {
      try codec.decode(UnsafeRawBufferPointer(packed), into: target)
    } catch {
      throw .corrupt(path: path, reason: "chunk \(chunk()): \(error.reason)")
    }
  }
}
