import Foundation
import Imaging
import Zarr

/// Writes a slice store, volume after volume in a fixed order.
///
/// A killed writer leaves whole shards and a journal of them. Opened again with the same
/// attributes, the writer keeps the shards that are undamaged and knows which volumes lie wholly
/// in them (``contains(_:lead:)``); the caller gives the others again, in the same order, and the
/// finished store has the bytes of an undisturbed run. At most one packed slice is in memory.
public final class SliceStoreWriter {
  /// Where the store is.
  public let path: String
  /// What holds for the store as a whole.
  public let attributes: SliceStoreAttributes
  /// Whether the store was finished already: then nothing is left to do.
  public let isComplete: Bool
  let folder: StoreFolder
  let journal: SliceJournal
  private var known: Set<String> = []
  private var shard: (image: ShardWriter, label: ShardWriter?)?
  private let threads: Int

  /// Volumes that are in the store.
  public private(set) var volumeCount = 0
  /// Slices given so far, those of an earlier run included.
  public private(set) var sliceCount = 0

  /// Opens or begins the store at `path` and locks it for this process; slices are packed by so many
  /// threads.
  ///
  /// Throws `otherSettings` when an unfinished or finished store there has other attributes.
  public init(_ path: String, attributes: SliceStoreAttributes, threads: Int = 1) throws {
    precondition(attributes.isPossible, "a slice store without slices")
    (self.path, self.attributes, self.threads) = (path, attributes, threads)
    folder = try StoreFolder(path)
    isComplete = folder.isComplete
    if isComplete {
      let store = try SliceStore(path)
      guard store.attributes == attributes else { throw StoreError.otherSettings(path: path) }
      try deleteTree(folder.writing)
    }
    journal = try SliceJournal(folder, attributes: attributes, isComplete: isComplete)
    for record in journal.volumes { known.insert(Self.key(record.id, record.lead)) }
    volumeCount = journal.volumes.count
    sliceCount = journal.volumes.last.map { $0.firstSlice + $0.sliceCount } ?? 0
  }

  /// Whether a volume is in the store, whole; it need not be given again.
  public func contains(_ id: String, lead: Int = 0) -> Bool {
    isComplete || known.contains(Self.key(id, lead))
  }

  /// Writes the slices of a volume: `slices` is K×C×H×W, `labels` K×H×W with 255 for "nobody
  /// looked", or nil.
  ///
  /// A volume that an earlier run finished is passed over. Throws `shape` when the numbers do not
  /// fit, `duplicate` when this run has given it before.
  public func append(
    _ record: SliceVolumeRecord, slices: [Int16], labels: [UInt8]? = nil
  ) throws {
    let key = Self.key(record.id, record.lead)
    if journal.kept.contains(key) || isComplete { return }
    try check(record, slices: slices, labels: labels)
    guard known.insert(key).inserted else {
      throw StoreError.duplicate(path: path, volume: record.id)
    }
    var record = record
    record.firstSlice = sliceCount
    record.hasLabel = labels != nil
    try journal.append(record)
    var rest = 0..<record.sliceCount
    while !rest.isEmpty {
      let room = attributes.slicesPerShard - sliceCount % attributes.slicesPerShard
      let run = rest.prefix(room)
      try append(run, of: slices, labels)
      rest = run.upperBound..<rest.upperBound
    }
    volumeCount += 1
  }

  /// Writes a run of slices of a volume that all go into the shard being written.
  private func append(_ run: Range<Int>, of slices: [Int16], _ labels: [UInt8]?) throws {
    let ordinal = sliceCount / attributes.slicesPerShard
    sliceCount += run.count
    guard ordinal >= journal.shardCount else { return }  // in a shard that an earlier run finished
    let shard = try shard ?? begin(ordinal)
    self.shard = shard
    try slices.withUnsafeBytes { try append(run, of: $0, to: shard.image) }
    if let label = shard.label {
      if let labels {
        try labels.withUnsafeBytes { try append(run, of: $0, to: label) }
      } else {
        for _ in run { label.skip() }
      }
    }
    if sliceCount % attributes.slicesPerShard == 0 { try finishShard() }
  }

  private func append(
    _ run: Range<Int>, of chunks: UnsafeRawBufferPointer, to writer: ShardWriter
  ) throws {
    let size = writer.metadata.chunkBytes
    try writer.metadata.codec.encodeEach(
      run, threads: threads,
      chunk: { UnsafeRawBufferPointer(rebasing: chunks[$0 * size..<($0 + 1) * size]) }
    ) { (_, packed) throws(ZarrError) in try writer.append(packed: packed) }
  }

  private func begin(_ ordinal: Int) throws -> (image: ShardWriter, label: ShardWriter?) {
    func writer(_ name: String, _ metadata: ArrayMetadata) throws -> ShardWriter {
      let place = [ordinal] + Array(repeating: 0, count: metadata.shape.count - 1)
      let file = "\(path)/\(name)/\(metadata.key(ofShard: place))"
      try makeFolder(Zarr.folder(of: file))
      return try ShardWriter(file, metadata: metadata)
    }
    let image = try writer("image", SliceLayout.image(attributes, count: 0))
    guard attributes.hasLabels else { return (image, nil) }
    return (image, try writer("label", SliceLayout.label(attributes, count: 0)))
  }

  /// Puts the shard that is being written in place, whether full or not.
  func finishShard() throws {
    guard let shard else { return }
    self.shard = nil
    let ordinal = (sliceCount - 1) / attributes.slicesPerShard
    let image = try shard.image.finish()
    try journal.append(shard: ordinal, image: image, label: try shard.label?.finish())
  }

  private func check(_ record: SliceVolumeRecord, slices: [Int16], labels: [UInt8]?) throws {
    try checkName(record.id)
    try checkName(record.patient)
    func fail(_ reason: String) -> StoreError { .shape(volume: record.id, reason: reason) }
    let (c, h, w) = (attributes.channels, attributes.height, attributes.width)
    guard record.canvas.size.x == w, record.canvas.size.y == h, record.intensity.count == c else {
      throw fail("its canvas is not \(c)×\(h)×\(w)")
    }
    guard (0..<3).allSatisfy({ SliceVolumeRecord.sides.contains(record.source.size[$0]) }) else {
      throw fail("its source has \(record.source.size) voxels")
    }
    guard slices.count == record.sliceCount * c * h * w else {
      throw fail("\(slices.count) numbers for \(record.sliceCount) slices")
    }
    guard let labels else { return }
    guard attributes.hasLabels else { throw fail("labels in a store that names none") }
    guard labels.count == record.sliceCount * h * w else { throw fail("\(labels.count) labels") }
  }

  private static func key(_ id: String, _ lead: Int) -> String { "\(id)/\(lead)" }
}
