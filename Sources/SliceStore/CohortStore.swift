import Imaging
import Zarr

/// A finished cohort store, for reading from several threads.
public struct CohortStore: Sendable {
  /// Where the store is.
  public let path: String
  /// The names of its volumes, sorted.
  public let ids: [String]
  /// A short name for what the store holds: equal stores, equal names.
  public let digest: String
  /// The flat index of all slices.
  private let index: RecordFile

  /// Opens a store; throws `incomplete` when it is not finished and `format` when it is no cohort.
  public init(_ path: String) throws {
    self.path = path
    try checkFormat(path, CohortLayout.format, version: CohortLayout.version)
    let manifest = try Manifest(path: path + "/manifest")
    digest = manifest.digest
    ids = manifest.files.compactMap { file in
      let parts = file.path.split(separator: "/")
      return parts.count == 3 && parts[0] == "volumes" && parts[2] == "manifest"
        ? String(parts[1]) : nil
    }
    index = try RecordFile(path + "/slices.index", magic: CohortSlice.magic)
    guard index.recordSize == CohortSlice.size else {
      throw StoreError.damaged(path: index.path, reason: "records of \(index.recordSize) bytes")
    }
  }

  /// The records of all volumes, sorted by name; read from disk at each call.
  public var volumes: [CohortVolume] {
    get throws { try ids.map { try record($0) } }
  }

  /// The record of one volume.
  public func record(_ id: String) throws -> CohortVolume {
    guard contains(id) else { throw StoreError.unknown(path: path, name: id) }
    return try Self.record(id, in: folder(of: id))
  }

  /// Whether there is such a volume.
  public func contains(_ id: String) -> Bool {
    var (low, high) = (0, ids.count)
    while low < high {
      let middle = (low + high) / 2
      if ids[middle].utf8.lexicographicallyPrecedes(id.utf8) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low < ids.count && ids[low] == id
  }

  /// All voxels of a volume as they were stored.
  public func volume(_ id: String) throws -> Volume {
    let record = try record(id)
    let array = try self.array(of: record, below: "0", type: record.type, leading: record.leading)
    var volume = Volume(
      grid: record.grid, leading: record.leading, type: record.type, bytes: try array.readAll(),
      scaling: record.scaling)
    volume.padding = record.padding
    return volume
  }

  /// A mask of a volume.
  public func label(_ id: String, _ name: String) throws -> LabelMap {
    let record = try record(id)
    guard let label = record.labels.first(where: { $0.name == name }) else {
      throw StoreError.unknown(path: folder(of: id) + "/labels", name: name)
    }
    let array = try self.array(of: record, below: "labels/\(name)/0", type: nil, leading: .none)
    let bytes = try array.readAll()
    let labels =
      array.metadata.type == .uint8
      ? bytes.map(UInt16.init)
      : bytes.withUnsafeBytes { raw in
        (0..<record.grid.count).map {
          UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
        }
      }
    return LabelMap(grid: record.grid, labels: labels, names: label.names)
  }

  /// The number of slices of all volumes.
  public var sliceCount: Int { index.count }

  /// One entry of the flat index, in the order volume, time point or channel, z.
  public func slice(_ n: Int) -> CohortSlice { CohortSlice(index.record(n)) }

  func folder(of id: String) -> String { path + "/volumes/" + id }

  static func record(_ id: String, in folder: String) throws -> CohortVolume {
    let path = folder + "/zarr.json"
    let document = try JSON(text: readFile(path), path: path)
    guard let lamina = document["attributes"]?["lamina"] else {
      throw ZarrError.metadata(path: path, reason: "no attribute lamina")
    }
    do {
      let record = try lamina.decoded(as: CohortVolume.self)
      if record.id == id { return record }
    } catch {}
    throw ZarrError.metadata(path: path, reason: "its attribute lamina describes no volume \(id)")
  }

  /// Opens an array of a volume and makes sure that it has the shape the record says.
  func array(
    of record: CohortVolume, below: String, type: VoxelType?, leading: LeadingAxis
  ) throws -> ArrayReader {
    let array = try ArrayReader(folder(of: record.id) + "/" + below, missingShards: .refuse)
    let size = record.grid.size
    let shape = (leading == .none ? [] : [leading.count]) + [size.z, size.y, size.x]
    let allowed: [DataType] =
      type.flatMap { DataType(rawValue: $0.rawValue) }.map { [$0] } ?? [.uint8, .uint16]
    let chunk = Array(repeating: 1, count: shape.count - 2) + [size.y, size.x]
    guard array.metadata.shape == shape, allowed.contains(array.metadata.type),
      array.metadata.chunk == chunk
    else {
      throw ZarrError.metadata(
        path: array.folder + "/zarr.json", reason: "not the array that the volume's record says")
    }
    return array
  }
}

/// Reads the metadata of a store and throws unless it is finished and of this kind and version.
@discardableResult
func checkFormat(_ path: String, _ format: String, version: Int) throws -> JSON {
  let file = path + "/zarr.json"
  guard exists(file) else { throw StoreError.incomplete(path: path) }
  guard let lamina = try JSON(text: readFile(file), path: file)["attributes"]?["lamina"],
    let kind = lamina["format"]?.string, let number = lamina["version"]?.int
  else { throw StoreError.format(path: path, found: "no store of this program") }
  guard kind == format, number == version else {
    throw StoreError.format(path: path, found: "a \(kind) store of format \(number)")
  }
  return lamina
}
