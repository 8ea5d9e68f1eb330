import Imaging
import Synchronization
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
  public let volumes: [SliceVolumeRecord]
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
  public init(_ path: String) throws {
    self.path = path
    attributes = try Self.attributes(path)
    let manifest = try Manifest(path: path + "/manifest")
    digest = manifest.digest
    volumes = try Self.volumes(path, channels: attributes.channels)
    parts = try SplitTable(path: path + "/split.tsv", volumes: volumes).parts
    index = try Self.index(path, volumes: volumes)
    image = try ShardFiles(
      path + "/image", expecting: SliceLayout.image(attributes, count: index.count))
    label =
      attributes.hasLabels
      ? try ShardFiles(
        path + "/label", expecting: SliceLayout.label(attributes, count: index.count)) : nil
  }

  private static func attributes(_ path: String) throws -> SliceStoreAttributes {
    let lamina = try checkFormat(path, SliceLayout.format, version: SliceLayout.version)
    guard let attributes = try? lamina.decoded(as: SliceStoreAttributes.self),
      attributes.isPossible
    else { throw ZarrError.metadata(path: path + "/zarr.json", reason: "impossible attributes") }
    return attributes
  }

  /// The flat index; each of its records must belong to the volume that claims the slice.
  private static func index(_ path: String, volumes: [SliceVolumeRecord]) throws -> RecordFile {
    let file = try RecordFile(path + "/slices.index", magic: SliceIndexRecord.magic)
    let slices = volumes.reduce(0) { $0 &+ $1.sliceCount }
    guard file.recordSize == SliceIndexRecord.size, file.count == slices else {
      throw StoreError.damaged(path: file.path, reason: "it does not fit the volumes")
    }
    for (ordinal, volume) in volumes.enumerated() {
      for k in 0..<volume.sliceCount {
        let record = file.record(volume.firstSlice + k)
        guard record.load(0, as: UInt32.self) == ordinal, record.load(4, as: UInt32.self) == k
        else { throw StoreError.damaged(path: file.path, reason: "its order is not the volumes'") }
      }
    }
    return file
  }

  private static func volumes(_ path: String, channels: Int) throws -> [SliceVolumeRecord] {
    let file = try RecordFile(path + "/volumes.index", magic: SliceVolumeRecord.magic)
    var next = 0
    return try (0..<file.count).map { i in
      guard let volume = file.record(i).volume(channels: channels), volume.firstSlice == next else {
        throw StoreError.damaged(path: file.path, reason: "record \(i) is wrong")
      }
      next += volume.sliceCount
      return volume
    }
  }

  /// What the index says of slice `n`.
  public func entry(_ n: Int) -> SliceEntry { SliceIndexRecord(index.record(n)).entry }

  /// The ordinals of the volumes in a part of the split.
  public func split(_ part: SplitPart) -> [Int] { parts.indices.filter { parts[$0] == part } }

  /// Fills `target`, C×H×W stored numbers, with slice `n`.
  ///
  /// Throws Zarr's error, naming the shard, when the bytes there are not those that were written.
  public func readImage(_ n: Int, into target: UnsafeMutableBufferPointer<Int16>) throws {
    precondition(target.count == attributes.sliceCount, "the target is not one slice")
    let record = SliceIndexRecord(index.record(n))
    try image.read(
      record.image, shard: record.shard, slice: n, UnsafeMutableRawBufferPointer(target))
  }

  /// Fills `target`, H×W classes, with the labels of slice `n`; returns false and fills with 255
  /// where it is not labelled.
  public func readLabel(_ n: Int, into target: UnsafeMutableBufferPointer<UInt8>) throws -> Bool {
    precondition(
      target.count == attributes.height * attributes.width, "the target is not one slice")
    let record = SliceIndexRecord(index.record(n))
    guard let label, record.entry.hasLabel else {
      target.update(repeating: SliceLayout.unlabelled)
      return false
    }
    try label.read(
      record.label, shard: record.shard, slice: n, UnsafeMutableRawBufferPointer(target))
    return true
  }
}

extension RecordView {
  func volume(channels: Int) -> SliceVolumeRecord? {
    SliceVolumeRecord(self, bytes: bytes, channels: channels)
  }
}

/// The shards of one array, kept open: at most 64 at a time, whatever the size of the store.
final class ShardFiles: Sendable {
  private let folder: String
  private let metadata: ArrayMetadata
  private let open = Mutex<[Int: OpenFile]>([:])

  init(_ folder: String, expecting layout: ArrayMetadata) throws {
    self.folder = folder
    metadata = try ArrayReader(folder, missingShards: .refuse).metadata
    guard metadata.shape == layout.shape, metadata.shard == layout.shard,
      metadata.chunk == layout.chunk, metadata.type == layout.type
    else {
      throw ZarrError.metadata(path: folder + "/zarr.json", reason: "not the store's own array")
    }
  }

  func read(
    _ place: Range<Int>, shard: Int, slice: Int, _ target: UnsafeMutableRawBufferPointer
  ) throws {
    try file(shard).read(place, codec: metadata.codec, chunk: "of slice \(slice)", into: target)
  }

  private func file(_ shard: Int) throws -> OpenFile {
    if let known = open.withLock({ $0[shard] }) { return known }
    let place = [shard] + Array(repeating: 0, count: metadata.shape.count - 1)
    let file = try OpenFile(folder + "/" + metadata.key(ofShard: place))
    open.withLock { files in
      if files.count >= 64 { files.removeAll(keepingCapacity: true) }
      files[shard] = file
    }
    return file
  }
}
