/// Writes a whole array from memory.
public struct ArrayWriter: Sendable {
  /// The folder of the array.
  public let folder: String
  /// What is written.
  public let metadata: ArrayMetadata
  /// Whether every file is synced as it is written, or all of them later by ``syncTree(_:)``.
  public let syncing: Bool

  /// Prepares to write below `folder`, which is made when the first file needs it.
  public init(_ folder: String, metadata: ArrayMetadata, syncing: Bool = true) {
    (self.folder, self.metadata, self.syncing) = (folder, metadata, syncing)
  }

  /// Writes every shard, then `zarr.json`; returns each file below the folder with its digest.
  ///
  /// `bytes` holds the array in C order, little endian.
  public func write(_ bytes: [UInt8]) throws(ZarrError) -> [(path: String, digest: FileDigest)] {
    precondition(bytes.count == metadata.shape.reduce(metadata.type.size, *), "bytes do not fit")
    var files: [(path: String, digest: FileDigest)] = []
    for shard in coordinates(of: metadata.shardGrid) {
      files.append((metadata.key(ofShard: shard), try write(shard: shard, of: bytes)))
    }
    files.append(("zarr.json", try writeMetadata()))
    return files
  }

  /// Writes `zarr.json` alone.
  public func writeMetadata() throws(ZarrError) -> FileDigest {
    try makeFolder(folder)
    return try writeFile(metadata.json.text, to: folder + "/zarr.json", syncing: syncing)
  }

  /// Writes one shard out of the whole array in memory.
  public func write(shard: [Int], of bytes: [UInt8]) throws(ZarrError) -> FileDigest {
    let path = folder + "/" + metadata.key(ofShard: shard)
    try makeFolder(Zarr.folder(of: path))
    let writer = try ShardWriter(path, metadata: metadata)
    let (per, grid) = (metadata.chunksPerShard, metadata.chunkGrid)
    for inner in coordinates(of: per) {
      let chunk = zip(zip(shard, per), inner).map { $0.0 * $0.1 + $1 }
      if zip(chunk, grid).allSatisfy({ $0 < $1 }) {
        try append(chunk, of: bytes, to: writer)
      } else {
        writer.skip()
      }
    }
    return try writer.finish(syncing: syncing)
  }

  private func append(
    _ chunk: [Int], of bytes: [UInt8], to writer: ShardWriter
  ) throws(ZarrError) {
    guard let start = metadata.piece(ofChunk: chunk) else {
      return try writer.append(packed: metadata.codec.encode(cut(chunk, of: bytes)))
    }
    let result = bytes.withUnsafeBytes { all in
      let piece = UnsafeRawBufferPointer(rebasing: all[start..<start + metadata.chunkBytes])
      return Result { () throws(ZarrError) in try writer.append(piece) }
    }
    try result.get()
  }

  /// One chunk of the array; where it hangs over the edge stands the fill value.
  private func cut(_ chunk: [Int], of bytes: [UInt8]) -> [UInt8] {
    let size = metadata.type.size
    var result = metadata.filled()
    result.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { source in
        metadata.forEachRow(ofChunk: chunk) { inArray, inChunk, count in
          let row = UnsafeRawBufferPointer(
            rebasing: source[inArray * size..<(inArray + count) * size])
          UnsafeMutableRawBufferPointer(rebasing: target[(inChunk * size)...]).copyMemory(from: row)
        }
      }
    }
    return result
  }
}

extension ArrayMetadata {
  /// One chunk of nothing but the fill value.
  func filled() -> [UInt8] {
    let one = type.bytes(of: fill) ?? Array(repeating: 0, count: type.size)
    if one.allSatisfy({ $0 == one[0] }) { return Array(repeating: one[0], count: chunkBytes) }
    return (0..<chunk.reduce(1, *)).flatMap { _ in one }
  }

  /// Where a chunk begins in the array's bytes when it lies there in one piece, else nil.
  func piece(ofChunk at: [Int]) -> Int? {
    var isWhole = true
    var start = 0
    for axis in shape.indices {
      let first = at[axis] * chunk[axis]
      guard first + chunk[axis] <= shape[axis], isWhole || chunk[axis] == shape[axis] else {
        return nil
      }
      if chunk[axis] > 1 { isWhole = false }
      start = start * shape[axis] + first
    }
    return start * type.size
  }

  /// Visits the runs along the last axis that a chunk shares with the array: where a run begins in
  /// the array and in the chunk, and how many numbers it has.
  func forEachRow(ofChunk at: [Int], _ body: (_ array: Int, _ chunk: Int, _ count: Int) -> Void) {
    let last = shape.count - 1
    let start = zip(at, chunk).map { $0 * $1 }
    let extent = (0...last).map { min(chunk[$0], shape[$0] - start[$0]) }
    guard extent.allSatisfy({ $0 > 0 }) else { return }
    for row in coordinates(of: Array(extent.dropLast())) {
      var (inArray, inChunk) = (0, 0)
      for axis in 0..<last {
        inArray = inArray * shape[axis] + start[axis] + row[axis]
        inChunk = inChunk * chunk[axis] + row[axis]
      }
      body(inArray * shape[last] + start[last], inChunk * chunk[last], extent[last])
    }
  }
}

/// All coordinates of a grid in C order, the last running fastest.
func coordinates(of grid: [Int]) -> some Sequence<[Int]> {
  let count = grid.reduce(1, *)
  return (0..<count).lazy.map { ordinal in
    var rest = ordinal
    var place = [Int](repeating: 0, count: grid.count)
    for axis in grid.indices.reversed() {
      place[axis] = rest % grid[axis]
      rest /= grid[axis]
    }
    return place
  }
}
