import Foundation
import TestFolders
import Testing
import Zarr

/// Arrays in every setting of the specification that is read here, written by zarr-python
/// (`Fixtures/make_settings.py`).
@Suite struct CodecSettingsTests {
  struct Written: Decodable, Sendable, CustomTestStringConvertible {
    var name, type, metadata: String
    var shards: [String: Data]
    var testDescription: String { name }
  }

  static let arrays: [Written] = {
    let path = ArrayReaderTests.fixtures + "settings.json"
    let data = FileManager.default.contents(atPath: path) ?? Data()
    return (try? JSONDecoder().decode([Written].self, from: data)) ?? []
  }()

  @Test func theFixtureIsThere() { #expect(Self.arrays.count == 89) }

  @Test(arguments: arrays)
  func whatZarrPythonWroteIsRead(array: Written) throws {
    let folder = TemporaryFolder(inMemory: true)
    try writeFile([UInt8](array.metadata.utf8), to: folder.path + "/zarr.json")
    for (key, bytes) in array.shards {
      let path = folder.path + "/" + key
      try makeFolder(String(path[..<path.lastIndex(of: "/")!]))
      try writeFile([UInt8](bytes), to: path)
    }
    let reader = try ArrayReader(folder.path, missingShards: .refuse)
    let count = reader.metadata.shape.reduce(1, *)
    let type = try #require(DataType(rawValue: array.type))
    let expected = (0..<count).flatMap { number($0, of: count, type) }
    let same = try reader.readAll() == expected
    #expect(same)
    let again = try ArrayMetadata(json: reader.metadata.json, path: "zarr.json")
    #expect(again == reader.metadata)
  }

  /// Number `i` of an array, as the script has it, in little-endian bytes.
  func number(_ i: Int, of count: Int, _ type: DataType) -> [UInt8] {
    let value = count > 1000 ? i % 100 : 7 * i % 251
    let signed = count > 1000 ? value : type == .int8 ? value % 128 : value - 100
    func bytes<T>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { [UInt8]($0) } }
    switch type {
    case .int8: return bytes(Int8(signed))
    case .uint8: return bytes(UInt8(value))
    case .int16: return bytes(Int16(signed))
    case .uint16: return bytes(UInt16(value))
    case .int32: return bytes(Int32(signed))
    case .uint32: return bytes(UInt32(value))
    case .int64: return bytes(Int64(signed))
    case .uint64: return bytes(UInt64(value))
    case .float32: return bytes(Float(signed) / 4)
    case .float64: return bytes(Double(signed) / 4)
    }
  }
}
