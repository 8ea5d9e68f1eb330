extension ArrayMetadata {
  /// The document `zarr.json`.
  public var json: JSON {
    let endian: JSON = indexIsBigEndian ? "big" : "little"
    var index: [JSON] = [["configuration": ["endian": endian], "name": "bytes"]]
    if indexChecksum { index.append(["name": "crc32c"]) }
    var document: [String: JSON] = [
      "zarr_format": 3, "node_type": "array", "shape": .array(shape.map { .int($0) }),
      "data_type": .string(type.rawValue), "fill_value": fill,
      "chunk_grid": Self.regular(shard),
      "chunk_key_encoding": ["configuration": ["separator": "/"], "name": "default"],
      "codecs": [
        [
          "configuration": [
            "chunk_shape": .array(chunk.map { .int($0) }), "codecs": .array(codec.json(for: type)),
            "index_codecs": .array(index), "index_location": indexAtStart ? "start" : "end",
          ], "name": "sharding_indexed",
        ]
      ], "attributes": .object(attributes),
    ]
    if let dimensionNames {
      document["dimension_names"] = .array(dimensionNames.map { .string($0) })
    }
    return .object(document)
  }

  private static func regular(_ shape: [Int]) -> JSON {
    ["configuration": ["chunk_shape": .array(shape.map { .int($0) })], "name": "regular"]
  }

  /// Reads `zarr.json`, written by anybody; `path` is named in errors.
  public init(json: JSON, path: String) throws(ZarrError) {
    func fail(_ reason: String) -> ZarrError { .metadata(path: path, reason: reason) }
    guard json["zarr_format"]?.int == 3, json["node_type"]?.string == "array" else {
      throw fail("not a Zarr v3 array")
    }
    try Self.refuseUnknown(json, path: path)
    guard let shape = json["shape"]?.ints else { throw fail("no shape") }
    guard let type = (json["data_type"]?.string).flatMap(DataType.init(rawValue:)) else {
      throw .unsupported(path: path, feature: "a data type that is not a plain number")
    }
    guard json["chunk_grid"]?["name"]?.string == "regular",
      let shard = json["chunk_grid"]?["configuration"]?["chunk_shape"]?.ints
    else { throw fail("no regular chunk grid") }
    guard json["chunk_key_encoding"]?["name"]?.string == "default",
      json["chunk_key_encoding"]?["configuration"]?["separator"]?.string ?? "/" == "/"
    else { throw .unsupported(path: path, feature: "another chunk key encoding than `default`") }
    guard let codecs = json["codecs"]?.elements, codecs.count == 1,
      codecs[0]["name"]?.string == "sharding_indexed", let sharding = codecs[0]["configuration"]
    else { throw .unsupported(path: path, feature: "an array without `sharding_indexed`") }
    guard let chunk = sharding["chunk_shape"]?.ints, let inner = sharding["codecs"]?.elements else {
      throw fail("sharding without chunk shape and codecs")
    }
    let codec = try ChunkCodec(json: inner, type: type, path: path)
    self.shape = shape
    (self.type, self.shard, self.chunk, self.codec) = (type, shard, chunk, codec)
    fill = json["fill_value"] ?? .null
    dimensionNames = json["dimension_names"]?.elements.map { $0.map { $0.string ?? "" } }
    attributes = json["attributes"]?.members ?? [:]
    indexAtStart = try Self.indexAtStart(sharding, path: path)
    (indexIsBigEndian, indexChecksum) = try Self.indexCodecs(sharding, path: path)
    if let fault { throw fail(fault) }
  }

  /// Zarr v3: a reader fails on keys it does not know, unless they say that it need not.
  private static func refuseUnknown(_ json: JSON, path: String) throws(ZarrError) {
    let known: Set = [
      "zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding",
      "fill_value", "codecs", "attributes", "dimension_names", "storage_transformers",
    ]
    for (key, value) in (json.members ?? [:]).sorted(by: { $0.key < $1.key })
    where !known.contains(key) && value["must_understand"]?.bool != false {
      throw .unsupported(path: path, feature: "the extension `\(key)`")
    }
    if let transformers = json["storage_transformers"]?.elements, !transformers.isEmpty {
      throw .unsupported(path: path, feature: "storage transformers")
    }
  }

  private static func indexAtStart(_ sharding: JSON, path: String) throws(ZarrError) -> Bool {
    switch sharding["index_location"]?.string ?? "end" {
    case "end": return false
    case "start": return true
    default: throw .metadata(path: path, reason: "a shard index neither at start nor end")
    }
  }

  private static func indexCodecs(
    _ sharding: JSON, path: String
  ) throws(ZarrError) -> (isBigEndian: Bool, checksum: Bool) {
    let codecs = sharding["index_codecs"]?.elements ?? []
    let endian = codecs.first?["configuration"]?["endian"]?.string
    guard endian == "little" || endian == "big" else {
      throw .metadata(path: path, reason: "a shard index without an endian")
    }
    switch codecs.map({ $0.extensionName ?? "" }) {
    case ["bytes", "crc32c"]: return (endian == "big", true)
    case ["bytes"]: return (endian == "big", false)
    default: throw .unsupported(path: path, feature: "another shard index than `bytes`, `crc32c`")
    }
  }
}

extension JSON {
  /// The name of a codec, which may stand alone where there is nothing to configure (Zarr v3,
  /// "extension definition").
  var extensionName: String? { self["name"]?.string ?? string }
}
