import Imaging
import Zarr

extension CohortWriter {
  /// What a store's folder holds of it, also while it is written; each file first as a `.NAME.tmp`.
  package static let entries = [
    "volumes", ".writing", ".replaced", "slices.index", "manifest", "zarr.json",
  ]

  /// Writes what describes the store as a whole, its own metadata last; returns its digest.
  ///
  /// Everything is derived anew from the volumes that are there, in the order of their names. When that is
  /// written, `others` tells of files in the store's folder that are not its own, and are to be durable
  /// before it says that it is finished; where it says so already, they are as they are.
  @discardableResult
  public func finish(with others: () throws -> [String] = { [] }) throws -> String {
    if folder.isComplete {
      _ = try others()
      return try CohortStore(path).digest
    }
    try makeFolder(path + "/volumes")
    try deleteTree(folder.writing)
    let volumes = groupDocument([:])
    var files = [
      ("volumes/zarr.json", try writeFile(volumes, to: path + "/volumes/zarr.json", syncing: false))
    ]
    let ids = self.ids
    let (slices, index) = try writeIndex(ids)
    files.append(("slices.index", index))
    for id in ids {
      let manifest = "volumes/\(id)/manifest"
      files.append((manifest, try OpenFile(path + "/" + manifest).digest()))
    }
    let document = groupDocument(["lamina": attributes(volumes: ids.count, slices: slices)])
    files.append(("zarr.json", FileDigest(of: document)))
    let manifest = Manifest(files)
    try writeFile(manifest.text, to: path + "/manifest", syncing: false)
    let own = ["", "/volumes", "/volumes/zarr.json", "/slices.index", "/manifest"]
    try sync(try (own + others().map { "/" + $0 }).map { path + $0 })
    try writeFile(document, to: folder.metadata)
    return manifest.digest
  }

  private func attributes(volumes: Int, slices: Int) -> JSON {
    [
      "format": .string(CohortLayout.format), "version": .int(CohortLayout.version),
      "volumes": .int(volumes), "slices": .int(slices),
    ]
  }

  /// The flat index of all slices: where each lies, so that nobody opens metadata for a slice.
  private func writeIndex(_ ids: [String]) throws -> (count: Int, digest: FileDigest) {
    let volumes = try ids.map { id in
      let record = try self.record(id)
      return Indexed(id: id, grid: record.grid, leading: record.leading)
    }
    let count = volumes.reduce(0) { $0 + $1.leading.count * $1.grid.size.z }
    let writer = try RecordFileWriter(
      path + "/slices.index", magic: CohortSlice.magic, recordSize: CohortSlice.size, count: count)
    for (ordinal, volume) in volumes.enumerated() {
      try append(volume, ordinal: ordinal, to: writer)
    }
    return (count, try writer.finish(syncing: false))
  }

  /// What the index needs of a volume's record, which is much longer.
  private struct Indexed {
    var id: String
    var grid: Grid
    var leading: LeadingAxis
  }

  private func append(_ volume: Indexed, ordinal: Int, to writer: RecordFileWriter) throws {
    let array = try ArrayReader(folder(of: volume.id) + "/0", missingShards: .refuse)
    let metadata = array.metadata
    let plain = volume.leading == .none
    var opened: (shard: [Int], index: ShardIndex)?
    for lead in 0..<volume.leading.count {
      for z in 0..<volume.grid.size.z {
        let (shard, place) = metadata.place(ofChunk: (plain ? [] : [lead]) + [z, 0, 0])
        if opened?.shard != shard, let file = try array.open(shard: shard) {
          opened = (shard, file.index)
        }
        guard let range = opened?.index.places[place] else {
          throw StoreError.damaged(path: array.folder, reason: "no slice \(z)")
        }
        let slice = CohortSlice(
          volume: ordinal, lead: lead, z: z,
          shard: metadata.ordinal(ofShard: shard), place: range,
          position: Float(volume.grid.position(ofSlice: z)))
        try writer.append(slice.bytes)
      }
    }
  }
}

/// One record of a cohort's `slices.index`: 32 bytes.
public struct CohortSlice: Sendable, Equatable {
  static let magic = "LAMCOHRT"
  static let size = 32

  /// The volume's place in the sorted list of names.
  public var volume: Int
  /// Time point or channel.
  public var lead: Int
  /// The slice along the volume's z axis.
  public var z: Int
  /// Which shard of the volume's array holds it, counted in C order.
  public var shard: Int
  /// Where in that file.
  public var place: Range<Int>
  /// Millimetres along the normal of the slices.
  public var position: Float

  var bytes: [UInt8] {
    var to = RecordBytes()
    for value in [volume, lead, z, shard] { to.append(UInt32(value)) }
    to.append(UInt64(place.lowerBound))
    to.append(UInt32(place.count))
    to.append(position)
    return to.bytes
  }

  init(volume: Int, lead: Int, z: Int, shard: Int, place: Range<Int>, position: Float) {
    (self.volume, self.lead, self.z, self.shard) = (volume, lead, z, shard)
    (self.place, self.position) = (place, position)
  }

  init(_ record: RecordView) {
    func number(_ at: Int) -> Int { Int(record.load(at, as: UInt32.self)) }
    (volume, lead, z, shard) = (number(0), number(4), number(8), number(12))
    let start = Int(record.load(16, as: UInt64.self) & 0xFFFF_FFFF_FFFF)
    place = start..<start + number(24)
    position = record.float(28)
  }
}

extension ArrayMetadata {
  /// A shard's place in C order of all shards.
  func ordinal(ofShard shard: [Int]) -> Int {
    zip(shard, shardGrid).reduce(0) { $0 * $1.1 + $1.0 }
  }

  /// The shard at a place in C order.
  func shard(at ordinal: Int) -> [Int] {
    var rest = ordinal
    let reversed = shardGrid.reversed().map { size in
      defer { rest /= size }
      return rest % size
    }
    return reversed.reversed()
  }
}
