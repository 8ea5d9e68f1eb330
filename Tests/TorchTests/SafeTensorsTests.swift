import Foundation
import TestFolders
import Testing
import Torch

@Suite struct SafeTensorsTests {
  private let folder = TemporaryFolder()

  private func archive(_ header: String, _ elements: Int = 0, length: UInt64? = nil) throws
    -> String
  {
    let path = folder.new(".safetensors")
    let count = length ?? UInt64(header.utf8.count)
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    bytes += Array(header.utf8) + [UInt8](repeating: 0, count: elements)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func tensorsOfEveryTypeAndStringsComeBack() throws {
    var tensors: [String: Tensor] = ["scalar": .full([], 3), "empty": .zeros([0, 4])]
    for type in DType.allCases {
      tensors["\(type)"] = Tensor.randomUniform([3, 2], seed: 1).filled(
        0, where: .zeros([3, 2], .bool)
      ).to(type)
    }
    tensors["turned"] = Tensor.randomNormal([2, 3, 4, 5], seed: 2).contiguous(.channelsLast)
    let metadata = ["quote": "a \"b\" \\ \n\u{1}", "empty": "", "ü": "ß"]
    let path = folder.new(".safetensors")
    try SafeTensors(tensors: tensors, metadata: metadata).write(to: path)
    let read = try SafeTensors(reading: path)
    #expect(read.metadata == metadata)
    #expect(Set(read.tensors.keys) == Set(tensors.keys))
    for (name, tensor) in tensors {
      let found = try #require(read.tensors[name])
      #expect(found.dtype == tensor.dtype && found.shape == tensor.shape)
      #expect(try found.array(of: Double.self) == tensor.array(of: Double.self), "\(name)")
    }
    let header = try SafeTensorsHeader(reading: path)
    #expect(
      header.entries["turned"]?.shape == [2, 3, 4, 5] && header.entries.count == tensors.count)
  }

  @Test func theSameTensorsGiveTheSameBytesAndEveryTensorIsAligned() throws {
    let tensors = [
      "b": Tensor.ones([3], .uint8), "a": .ones([1], .int64), "c": .ones([5], .float16),
    ]
    let paths = [folder.new(".safetensors"), folder.new(".safetensors")]
    for path in paths {
      try SafeTensors(tensors: tensors, metadata: ["z": "1", "y": "2"]).write(to: path)
    }
    #expect(
      FileManager.default.contents(atPath: paths[0])
        == FileManager.default.contents(atPath: paths[1]))
    for entry in try SafeTensorsHeader(reading: paths[0]).entries.values {
      #expect(entry.bytes.lowerBound % entry.dtype.size == 0)
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(left.sorted() == paths.map { ($0 as NSString).lastPathComponent }.sorted())
  }

  @Test(arguments: [
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
    #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"F32","shape":[9223372036854775807,3],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[0,9223372036854775807,3],"data_offsets":[0,0]},"b":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"a":3}"#, #"[]"#, #"{"#, "", #"{"__metadata__":{"a":1}}"#,
  ])
  func aHeaderThatLiesIsRefused(header: String) throws {
    let path = try archive(header, 8)
    #expect(throws: TorchError.self) { try SafeTensors(reading: path) }
  }

  @Test func lengthsBeyondTheFileAreRefusedBeforeAnythingIsAllocated() throws {
    for length in [UInt64.max, 1 << 62, 1_000_000, 100_000_001] {
      let path = try archive("{}", 0, length: length)
      #expect(throws: TorchError.self) { try SafeTensors(reading: path) }
    }
    let short = folder.new(".safetensors")
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: short))
    #expect(throws: TorchError.self) { try SafeTensors(reading: short) }
  }

  @Test func aPipeIsRefusedAndNotWaitedFor() throws {
    let path = folder.new(".safetensors")
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: TorchError.file(path: path, reason: "not a regular file")) {
      try SafeTensors(reading: path)
    }
  }

  @Test func aTruthValueOfTwoIsRefused() throws {
    let path = try archive(#"{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}"#, 1)
    var data = try #require(FileManager.default.contents(atPath: path))
    data[data.count - 1] = 2
    try data.write(to: URL(fileURLWithPath: path))
    #expect(throws: TorchError.self) { try SafeTensors(reading: path) }
  }

  @Test func filesThatCannotBeOpenedSayTheirName() throws {
    let missing = folder.new(".safetensors")
    let error = #expect(throws: TorchError.self) { try SafeTensors(reading: missing) }
    #expect(error?.description.contains(missing) == true)
    #expect(throws: TorchError.self) { try SafeTensors(reading: "/") }
    #expect(throws: TorchError.self) {
      try SafeTensors(tensors: [:]).write(to: missing + "/no/such/folder")
    }
  }

  @Test func anArchiveOfPythonIsRead() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
    let read = try SafeTensors(reading: folder + "/Fixtures/python.safetensors")
    #expect(read.metadata == ["made": "by python"])
    #expect(try read.tensors["a"]?.array(of: Double.self) == [0, 1, 2, 3, 4, 5])
    #expect(read.tensors["a"]?.shape == [2, 3] && read.tensors["h"]?.dtype == .bfloat16)
    #expect(try read.tensors["h"]?.floats() == [1.5, -2])
    #expect(try read.tensors["b"]?.array(of: Bool.self) == [true, false, true])
  }

  @Test func writingAnArchiveOfPythonAgainGivesPythonsBytes() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
    let python = folder + "/Fixtures/python.safetensors"
    let path = self.folder.new(".safetensors")
    try SafeTensors(reading: python).write(to: path)
    #expect(
      FileManager.default.contents(atPath: path) == FileManager.default.contents(atPath: python))
  }
}
