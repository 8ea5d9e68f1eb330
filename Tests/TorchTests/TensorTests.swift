import Foundation
import Synchronization
import Testing
import Torch

@Suite struct TensorTests {
  @Test func libTorchLoadsAndSaysItsVersion() throws {
    try LibTorch.load()
    #expect(LibTorch.version.split(separator: ".").count == 3)
  }

  @Test func everyElementTypeHasACodeOfItsOwnAndComesBackFromLibTorch() throws {
    #expect(Set(DType.allCases.map(\.code)).count == DType.allCases.count)
    for type in DType.allCases {
      #expect(DType(code: type.code) == type)
      let tensor = Tensor.ones([2], type)
      #expect(tensor.dtype == type)
      #expect(try tensor.floats() == [1, 1])
      var bytes = [UInt8](repeating: 0, count: 2 * type.size)
      try bytes.withUnsafeMutableBytes { try tensor.copyBytes(into: $0) }
      #expect(try bytes.withUnsafeBytes { try Tensor(bytes: $0, [2], type) }.floats() == [1, 1])
    }
    #expect(DType(code: 77) == nil)
  }

  @Test func bfloat16IsTheUpperHalfOfFloat32AndFloat16IsNot() throws {
    func bytes(_ type: DType) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 2)
      try bytes.withUnsafeMutableBytes { try Tensor.full([1], 1.5, type).copyBytes(into: $0) }
      return bytes
    }
    #expect(try bytes(.bfloat16) == [0xc0, 0x3f])
    #expect(try bytes(.float16) == [0x00, 0x3e])
  }

  @Test func devicesHaveNamesAndCodesThatReadBack() {
    for device in [Device.cpu, .cuda(0), .cuda(3)] {
      #expect(Device(code: device.code) == device)
      #expect(Device(device.description) == device)
    }
    #expect(Device("cuda") == .cuda(0))
    for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:4294967296", "cpu:0"] {
      #expect(Device(wrong) == nil)
    }
  }

  @Test func aDeviceThatIsNotThereIsAnErrorAndNotATrap() throws {
    let missing = Device.cuda(Device.cudaCount + 50)
    #expect(throws: TorchError.self) { try Tensor([1] as [Float], [1], device: missing) }
  }

  @Test func moreMemoryThanThereIsIsAnErrorThatSaysSo() throws {
    let one = try Tensor([1] as [Float], [1])
    let huge = one.expanded([1 << 30]).unsqueezed(0).expanded([1 << 20, 1 << 30])
    var byte: UInt8 = 0
    let error = #expect(throws: TorchError.self) {
      try withUnsafeMutableBytes(of: &byte) { try huge.copyBytes(into: $0) }
    }
    guard case .outOfMemory = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func hostMemoryOfEveryElementTypeComesBack() throws {
    func comesBack<Element: TensorElement & Equatable>(_ elements: [Element]) throws {
      let tensor = try Tensor(elements, [elements.count])
      #expect(tensor.dtype == Element.dtype)
      #expect(try tensor.array() == elements)
    }
    try comesBack([-1.5, 0, 3e38] as [Float])
    try comesBack([-1.5, 0, 1e300] as [Double])
    try comesBack([.min, 0, .max] as [Int64])
    try comesBack([.min, 0, .max] as [Int32])
    try comesBack([.min, 0, .max] as [Int16])
    try comesBack([.min, 0, .max] as [Int8])
    try comesBack([0, 255] as [UInt8])
    try comesBack([true, false])
    try comesBack([] as [Float])
  }

  @Test func hostMemoryIsCopiedAndNotShared() throws {
    var pixels: [Int16] = [1, 2, 3, 4]
    let tensor = try pixels.withUnsafeBufferPointer { try Tensor(copying: $0, [2, 2]) }
    pixels[0] = 99
    #expect(try tensor.array(of: Int16.self) == [1, 2, 3, 4])
    var out = [Float](repeating: 0, count: 4)
    try out.withUnsafeMutableBufferPointer { try tensor.transposed.copy(into: $0) }
    #expect(out == [1, 3, 2, 4])
  }

  @Test func channelsLastChangesMemoryAndNothingElse() throws {
    let x = Tensor.randomNormal([2, 3, 4, 5], seed: 1)
    let last = x.contiguous(.channelsLast)
    #expect(last.strides == [60, 1, 15, 3])
    #expect(last.isContiguous(.channelsLast) && !last.isContiguous())
    #expect(try last.floats() == x.floats())
    #expect(Tensor.full(like: last, 0).strides == last.strides)
    x.copy(from: last)
    #expect(x.strides == [60, 20, 5, 1])
  }

  @Test func randomNumbersDependOnTheSeedAndOnNothingElse() throws {
    let first = try Tensor.randomNormal([100], seed: 5).floats()
    _ = Tensor.randomNormal([7], seed: 9)
    #expect(try Tensor.randomNormal([100], seed: 5).floats() == first)
    #expect(try Tensor.randomNormal([100], seed: 6).floats() != first)
    let uniform = try Tensor.randomUniform([1000], seed: 5).floats()
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(
      try Tensor.randomPermutation(50, seed: 2).array(of: Int64.self).sorted()
        == (0..<50).map(Int64.init))
  }

  @Test func theDefaultGeneratorGoesOnFromASavedState() throws {
    try LibTorch.manualSeed(4)
    let x = Tensor.ones([64])
    _ = x.dropout(0.5, training: true)
    let state = try LibTorch.randomState()
    let next = try x.dropout(0.5, training: true).floats()
    #expect(try x.dropout(0.5, training: true).floats() != next)
    try LibTorch.setRandomState(state)
    #expect(try x.dropout(0.5, training: true).floats() == next)
    #expect(try x.dropout(0.5, training: false).floats() == x.floats())
  }

  @Test func threadsAreAsManyAsAskedFor() {
    let before = LibTorch.threads
    defer { LibTorch.threads = before }
    LibTorch.use(threads: 2)
    #expect(LibTorch.threads == 2)
    LibTorch.use(threads: 0)
    #expect(LibTorch.threads == ProcessInfo.processInfo.activeProcessorCount)
  }

  @Test func whatAThreadComputesFirstIsWhatItComputesLater() {
    let found = Mutex<[[Float]]>([])
    let isDone = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let x = Tensor.randomNormal([2, 3, 16, 16], seed: 1).contiguous(.channelsLast)
      for _ in 0..<2 {
        let weight = Tensor.randomNormal([8, 3, 3, 3], seed: 2).contiguous(.channelsLast)
          .requiringGradient()
        x.conv2d(weight, padding: 1).squared().mean().backward()
        let gradient = (try? weight.gradient?.floats()) ?? []
        found.withLock { $0.append(gradient) }
        _ = weight.squareRoot()  // in a loop of LibTorch's own
      }
      isDone.signal()
    }
    isDone.wait()
    let gradients = found.withLock { $0 }
    #expect(gradients[0].count == 216 && gradients[0] == gradients[1])
  }
}
