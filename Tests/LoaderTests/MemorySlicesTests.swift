import Loader
import Testing

@Suite struct MemorySlicesTests {
  @Test func slicesAreReadBackAndChosenByVolume() {
    let slices = source([2, 3])
    var pixels = [Int16](repeating: 0, count: 120)
    pixels.withUnsafeMutableBufferPointer { slices.readImage(4, into: $0) }
    #expect(pixels == slices.slices[4].pixels)
    var label = [UInt8](repeating: 9, count: 120)
    #expect(!label.withUnsafeMutableBufferPointer { slices.readLabel(1, into: $0) })
    #expect(label.allSatisfy { $0 == 9 })
    #expect(label.withUnsafeMutableBufferPointer { slices.readLabel(3, into: $0) })
    #expect(label.allSatisfy { $0 == 0 })
    #expect(Array(slices.slices(ofVolumes: [1])) == [2, 3, 4])
    #expect(slices.position(of: 4) == 5)
  }
}
