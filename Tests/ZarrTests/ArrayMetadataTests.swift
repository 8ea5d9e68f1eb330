import Testing
import Zarr

@Suite struct ArrayMetadataTests {
  static let metadata = ArrayMetadata(
    shape: [30, 512, 512], type: .int16, shard: [32, 512, 512], chunk: [1, 512, 512],
    codec: .zstd(level: 3), dimensionNames: ["z", "y", "x"], attributes: ["unit": "HU"])

  func edited(_ edit: (inout [String: JSON]) -> Void) throws -> ArrayMetadata {
    var members = try #require(Self.metadata.json.members)
    edit(&members)
    return try ArrayMetadata(json: .object(members), path: "zarr.json")
  }

  @Test func theDocumentIsAsTheSpecificationHasIt() {
    let text = """
      {
        "attributes": {
          "unit": "HU"
        },
        "chunk_grid": {
          "configuration": {
            "chunk_shape": [32, 512, 512]
          },
          "name": "regular"
        },
        "chunk_key_encoding": {
          "configuration": {
            "separator": "/"
          },
          "name": "default"
        },
        "codecs": [
          {
            "configuration": {
              "chunk_shape": [1, 512, 512],
              "codecs": [
                {
                  "configuration": {
                    "endian": "little"
                  },
                  "name": "bytes"
                },
                {
                  "configuration": {
                    "checksum": true,
                    "level": 3
                  },
                  "name": "zstd"
                }
              ],
              "index_codecs": [
                {
                  "configuration": {
                    "endian": "little"
                  },
                  "name": "bytes"
                },
                {
                  "name": "crc32c"
                }
              ],
              "index_location": "end"
            },
            "name": "sharding_indexed"
          }
        ],
        "data_type": "int16",
        "dimension_names": ["z", "y", "x"],
        "fill_value": 0,
        "node_type": "array",
        "shape": [30, 512, 512],
        "zarr_format": 3
      }

      """
    #expect(String(decoding: Self.metadata.json.text, as: UTF8.self) == text)
  }

  @Test(arguments: DataType.allCases, ChunkCodecTests.codecs.filter { $0.byteOrder == .little })
  func whatIsWrittenIsReadBack(type: DataType, codec: ChunkCodec) throws {
    let metadata = ArrayMetadata(
      shape: [5, 4], type: type, shard: [4, 4], chunk: [2, 4], codec: codec)
    #expect(try ArrayMetadata(json: metadata.json, path: "x") == metadata)
  }

  @Test func numbersOfOneByteHaveNoOrder() throws {
    let metadata = ArrayMetadata(
      shape: [4], type: .uint8, shard: [4], chunk: [2], codec: .zstd(level: 3))
    let codecs = metadata.json["codecs"]?.elements?[0]["configuration"]?["codecs"]
    #expect(codecs?.elements?[0] == ["name": "bytes"])
  }

  @Test(arguments: [
    [0, 32, 512, 512], [33, 512, 512], [1 << 62, 1 << 62, 4], [-1, 512, 512], [32, 512, 511],
  ])
  func impossibleShardsAreRefused(shape: [Int]) {
    #expect(throws: ZarrError.self) {
      try edited { members in
        members["chunk_grid"] = [
          "name": "regular",
          "configuration": ["chunk_shape": .array(shape.map { .int($0 == 33 ? 0 : $0) })],
        ]
      }
    }
  }

  @Test(arguments: [
    [-1, 512, 512], [1 << 50, 512, 512], [512, 512], [1 << 40, 1 << 40, 1 << 40],
  ])
  func impossibleShapesAreRefused(shape: [Int]) {
    #expect(throws: ZarrError.self) {
      try edited { $0["shape"] = .array(shape.map { .int($0) }) }
    }
  }

  @Test func unknownExtensionsAreRefusedUnlessTheySayOtherwise() throws {
    #expect(throws: ZarrError.unsupported(path: "zarr.json", feature: "the extension `mystery`")) {
      try edited { $0["mystery"] = ["name": "x"] }
    }
    let metadata = try edited { $0["mystery"] = ["must_understand": false] }
    #expect(metadata == Self.metadata)
  }

  @Test(arguments: ["data_type", "shape", "codecs", "chunk_grid", "fill_value", "node_type"])
  func aDocumentWithoutItsPartsIsRefused(key: String) {
    #expect(throws: ZarrError.self) { try edited { $0[key] = nil } }
  }

  @Test func placesOfChunksFollowTheGrid() {
    let metadata = ArrayMetadata(
      shape: [7, 9], type: .uint8, shard: [4, 6], chunk: [2, 3], codec: .zstd(level: 1))
    #expect(metadata.shardGrid == [2, 2])
    #expect(metadata.chunkGrid == [4, 3])
    #expect(metadata.place(ofChunk: [3, 2]).shard == [1, 1])
    #expect(metadata.place(ofChunk: [3, 2]).ordinal == 2)
    #expect(metadata.key(ofShard: [1, 0]) == "c/1/0")
  }
}
