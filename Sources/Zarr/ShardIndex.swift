/// Where the chunks of one shard lie in its file (Zarr v3 `sharding_indexed`): pairs of little-endian
/// 64-bit numbers, offset and length, in C order of the chunks; two times 2⁶⁴−1 for none.
public struct ShardIndex: Sendable, Equatable {
  /// The place of each chunk, or nil where the fill value stands for it.
  public var places: [Range<Int>?]

  /// An index of `count` chunks, none of them there yet.
  public init(count: Int) { places = Array(repeating: nil, count: count) }

  /// Bytes of an index of `count` chunks.
  public static func size(count: Int, checksum: Bool) -> Int { 16 * count + (checksum ? 4 : 0) }

  /// The index as it stands in the file.
  public func bytes(checksum: Bool) -> [UInt8] {
    var bytes = [UInt8]()
    bytes.reserveCapacity(Self.size(count: places.count, checksum: checksum))
    func append<T: FixedWidthInteger>(_ value: T) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    for place in places {
      append(place.map { UInt64($0.lowerBound) } ?? .max)
      append(place.map { UInt64($0.count) } ?? .max)
    }
    if checksum { append(CRC32C.checksum(bytes)) }
    return bytes
  }

  /// Reads the index of a shard and checks every entry against the file's length.
  public init(_ file: OpenFile, metadata: ArrayMetadata) throws(ZarrError) {
    let count = metadata.chunksPerShard.reduce(1, *)
    let checksum = metadata.indexChecksum
    let size = Self.size(count: count, checksum: checksum)
    guard file.size >= size else {
      throw .corrupt(path: file.path, reason: "\(file.size) bytes are too few for its index")
    }
    let start = metadata.indexAtStart ? 0 : file.size - size
    let bytes = try file.read(at: start, count: size)
    if checksum, CRC32C.checksum(Array(bytes.dropLast(4))) != Self.word(bytes, size - 4) {
      throw .corrupt(path: file.path, reason: "the crc32c of its index does not match")
    }
    let index = start..<start + size
    self.init(count: count)
    for i in 0..<count {
      let entry = Self.entry(bytes, i, isBigEndian: metadata.indexIsBigEndian)
      places[i] = try Self.place(entry, i, of: file, apartFrom: index)
    }
  }

  private static func entry(
    _ bytes: [UInt8], _ i: Int, isBigEndian: Bool
  ) -> (offset: UInt64, length: UInt64) {
    let (offset, length): (UInt64, UInt64) = (word(bytes, 16 * i), word(bytes, 16 * i + 8))
    return isBigEndian ? (offset.byteSwapped, length.byteSwapped) : (offset, length)
  }

  private static func place(
    _ entry: (offset: UInt64, length: UInt64), _ i: Int, of file: OpenFile,
    apartFrom index: Range<Int>
  ) throws(ZarrError) -> Range<Int>? {
    let (offset, length) = entry
    if offset == .max && length == .max { return nil }
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard !overflow, end <= UInt64(file.size), length > 0 else {
      throw .corrupt(path: file.path, reason: "chunk \(i) lies outside the file")
    }
    let range = Int(offset)..<Int(end)
    guard !range.overlaps(index) else {
      throw .corrupt(path: file.path, reason: "chunk \(i) lies on the index")
    }
    return range
  }

  private static func word<T: FixedWidthInteger>(_ bytes: [UInt8], _ at: Int) -> T {
    bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: T.self)) }
  }
}
