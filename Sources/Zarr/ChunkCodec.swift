/// How the numbers of one chunk become bytes on disk: put in order, compressed, and with a checksum,
/// as Zarr v3's codec chain `bytes`, `zstd` | `blosc`, `crc32c`.
public struct ChunkCodec: Sendable, Equatable {
  /// The compressor.
  public enum Compression: Sendable, Equatable {
    /// Stored as they are.
    case none
    /// One zstd frame (RFC 8878) that says its content size, with or without its own checksum.
    case zstd(level: Int, checksum: Bool)
    /// A Blosc 1 frame; `name` is the compressor inside it.
    case blosc(name: String, level: Int, shuffle: Shuffle, typeSize: Int)
  }

  /// How Blosc reorders bytes before it compresses.
  public enum Shuffle: String, Sendable {
    case noshuffle, shuffle, bitshuffle
  }

  /// Which byte of a number stands first.
  public enum ByteOrder: Sendable, Equatable {
    /// The lowest, as this program writes them.
    case little
    /// The highest of `size` bytes.
    case big(size: Int)
  }

  /// The order of the bytes of a number.
  public var byteOrder = ByteOrder.little
  /// The compressor.
  public var compression: Compression
  /// Whether four bytes of CRC-32C follow.
  public var crc32c: Bool

  /// Makes a chain; without a compressor the numbers are stored as they are.
  public init(_ compression: Compression = .none, crc32c: Bool = false) {
    (self.compression, self.crc32c) = (compression, crc32c)
  }

  /// zstd with the checksum inside the frame.
  public static func zstd(level: Int) -> ChunkCodec {
    ChunkCodec(.zstd(level: level, checksum: true))
  }

  /// zstd (or another compressor) inside Blosc, bytes (or bits) of like weight together, then
  /// `crc32c`, since a Blosc frame has no checksum.
  public static func blosc(
    _ name: String = "zstd", level: Int, shuffle: Shuffle = .shuffle, typeSize: Int
  ) -> ChunkCodec {
    ChunkCodec(.blosc(name: name, level: level, shuffle: shuffle, typeSize: typeSize), crc32c: true)
  }
}

/// What can be wrong with the bytes of one chunk; readers add the file and the chunk.
public enum ChunkFault: Error, Sendable, Equatable {
  /// The bytes are no frame of the codec, or a frame with a wrong checksum.
  case frame(String)
  /// The CRC-32C after the bytes is not that of the bytes.
  case checksum
  /// The frame holds another number of bytes than a chunk has.
  case length(found: Int, expected: Int)

  var reason: String {
    switch self {
    case .frame(let what): what
    case .checksum: "its crc32c does not match"
    case .length(let found, let expected): "\(found) bytes instead of \(expected)"
    }
  }
}

extension ChunkCodec {
  /// The chain in the words of `zarr.json`.
  ///
  /// `bytes` says an order only where a number has several bytes.
  func json(for type: DataType) -> [JSON] {
    let endian: JSON = byteOrder == .little ? "little" : "big"
    var codecs: [JSON] = [
      type.size == 1 ? ["name": "bytes"] : ["configuration": ["endian": endian], "name": "bytes"]
    ]
    switch compression {
    case .none: break
    case .zstd(let level, let checksum):
      codecs.append([
        "configuration": ["checksum": .bool(checksum), "level": .int(level)], "name": "zstd",
      ])
    case .blosc(let name, let level, let shuffle, let typeSize):
      codecs.append([
        "configuration": [
          "blocksize": 0, "clevel": .int(level), "cname": .string(name),
          "shuffle": .string(shuffle.rawValue), "typesize": .int(typeSize),
        ], "name": "blosc",
      ])
    }
    if crc32c { codecs.append(["name": "crc32c"]) }
    return codecs
  }

  /// Reads the chain; throws `unsupported` for codecs that are not read here.
  init(json: [JSON], type: DataType, path: String) throws(ZarrError) {
    var rest = json[...]
    guard let first = rest.popFirst(), first.extensionName == "bytes" else {
      throw .unsupported(path: path, feature: "a codec before `bytes`")
    }
    self.init()
    switch first["configuration"]?["endian"]?.string {
    case "little": break
    case "big": if type.size > 1 { byteOrder = .big(size: type.size) }
    default: if type.size > 1 { throw .metadata(path: path, reason: "`bytes` without an endian") }
    }
    if let name = rest.first?.extensionName, name == "zstd" || name == "blosc" {
      compression = try Self.compression(name, rest.removeFirst(), type: type, path: path)
    }
    if rest.first?.extensionName == "crc32c" {
      crc32c = true
      rest.removeFirst()
    }
    if let left = rest.first {
      let name = left.extensionName ?? "without a name"
      throw .unsupported(path: path, feature: "the codec \(name) in this place")
    }
  }

  private static func compression(
    _ name: String, _ json: JSON, type: DataType, path: String
  ) throws(ZarrError) -> Compression {
    let settings = json["configuration"]
    if name == "zstd" {
      guard let level = settings?["level"]?.int, (-131_072...22).contains(level) else {
        throw .metadata(path: path, reason: "zstd without a level")
      }
      return .zstd(level: level, checksum: settings?["checksum"]?.bool ?? false)
    }
    guard let cname = settings?["cname"]?.string, let level = settings?["clevel"]?.int,
      (0...9).contains(level), let word = settings?["shuffle"]?.string,
      let shuffle = Shuffle(rawValue: word)
    else { throw .metadata(path: path, reason: "blosc without its settings") }
    let typeSize = settings?["typesize"]?.int ?? type.size
    guard (1...255).contains(typeSize) else {
      throw .metadata(path: path, reason: "blosc with a typesize of \(typeSize)")
    }
    return .blosc(name: cname, level: level, shuffle: shuffle, typeSize: typeSize)
  }
}
