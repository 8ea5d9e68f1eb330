import Imaging
import Zarr

/// A finished slice store, read from any number of threads at once.
///
/// A slice costs one read of the file and one unpacking; no metadata are opened on the way.
public final class SliceStore: Sendable {
  /// Where the store is.
  public let path: String
  /// What holds for the store as a whole.
  public let attributes: SliceStoreAttributes
  /// The volumes, in the order of their slices.
  public let volumes: SliceVolumes
  /// The part of the split of each volume.
  public let parts: [SplitPart]
  /// A short name for what the store holds: equal stores, equal names.
  public let digest: String
  /// The number of slices.
  public var count: Int { index.count }

  private let index: RecordFile
  private let image: ShardFiles
  private let label: ShardFiles?

  /// Opens a store; throws `incomplete` when it is not finished and `format` when it is no slice
  /// store.
  public convenience init(_ path: String) throws {
    try self.init(path, mappedIndex: RecordFile.small)
  }

  /// Likewise; an index of more bytes than `mappedIndex` is read record by record.
  package init(_ path: String, mappedIndex: Int) throws {
    self.path = path
    attributes = try Self.attributes(path)
    digest = try Manifest.digest(at: path + "/manifest")
    volumes = try SliceVolumes(path, attributes)
    parts = try SplitTable(path: path + "/split.tsv", volumes: volumes).parts
    index = try RecordFile(
      path + "/slices.index", magic: SliceIndexRecord.magic, ownChecksums: true,
      small: mappedIndex)
    guard index.recordSize == SliceIndexRecord.size, index.count == volumes.sliceCount else {
      throw StoreError.damaged(path: index.path, reason: "it does not fit the volumes")
    }
    image = try Self.shards(
      path + "/image", expecting: SliceLayout.image(attributes, count: index.count))
    label =
      attributes.hasLabels
      ? try Self.shards(
        path + "/label", expecting: SliceLayout.label(attributes, count: index.count)) : nil
  }

  private static func attributes(_ path: String) throws -> SliceStoreAttributes {
    let lamina = try checkFormat(path, SliceLayout.format, version: SliceLayout.version)
    guard let attributes = try? lamina.decoded(as: SliceStoreAttributes.self),
      attributes.isPossible
    else { throw ZarrError.metadata(path: path + "/zarr.json", reason: "impossible attributes") }
    return attributes
  }

  private static func shards(
    _ folder: String, expecting layout: ArrayMetadata
  ) throws -> ShardFiles {
    let metadata = try ArrayReader(folder, missingShards: .refuse).metadata
    guard metadata.shape == layout.shape, metadata.shard == layout.shard,
      metadata.chunk == layout.chunk, metadata.type == layout.type
    else {
      throw ZarrError.metadata(path: folder + "/zarr.json", reason: "not the store's own array")
    }
    return ShardFiles(folder, metadata: metadata)
  }

  /// What the index says of slice `n`.
  ///
  /// A damaged record is made good from the volume's; the slice itself cannot be read then.
  public func entry(_ n: Int) -> SliceEntry {
    if let record = index.withRecord(n, SliceIndexRecord.init), record.entry.volume < volumes.count
    {
      return record.entry
    }
    return volumes.entry(ofSlice: n)
  }

  /// The ordinals of the volumes in a part of the split.
  public func split(_ part: SplitPart) -> [Int] { parts.indices.filter { parts[$0] == part } }

  /// Fills `target`, C×H×W stored numbers, with slice `n`.
  ///
  /// Throws Zarr's error, naming the shard, when the bytes there are not those that were written.
  public func readImage(_ n: Int, into target: UnsafeMutableBufferPointer<Int16>) throws {
    precondition(target.count == attributes.sliceCount, "the target is not one slice")
    let record = try record(n)
    try image.read(
      record.image, shard: record.shard, chunk: "of slice \(n)",
      into: UnsafeMutableRawBufferPointer(target))
  }

  /// Has the system fetch the images of slices that will be read soon, in the background.
  public func willRead(_ slices: [Int]) {
    for n in slices {
      guard let record = index.withRecord(n, SliceIndexRecord.init) else { continue }
      image.willRead(record.image, shard: record.shard)
    }
  }

  private func record(_ n: Int) throws -> SliceIndexRecord {
    guard let record = index.withRecord(n, SliceIndexRecord.init) else {
      throw StoreError.damaged(path: index.path, reason: "the record of slice \(n) is wrong")
    }
    return record
  }

  /// Fills `target`, H×W classes, with the labels of slice `n`; returns false and fills with 255
  /// where it is not labelled.
  public func readLabel(_ n: Int, into target: UnsafeMutableBufferPointer<UInt8>) throws -> Bool {
    precondition(
      target.count == attributes.height * attributes.width, "the target is not one slice")
    let record = try record(n)
    guard let label, record.entry.hasLabel else {
      target.update(repeating: SliceLayout.unlabelled)
      return false
    }
    try label.read(
      record.label, shard: record.shard, chunk: "of slice \(n)",
      into: UnsafeMutableRawBufferPointer(target))
    return true
  }
}
