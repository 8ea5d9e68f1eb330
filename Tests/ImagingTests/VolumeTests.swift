import Imaging
import Testing

@Suite struct VolumeTests {
  private let grid = Grid(size: SIMD3(2, 2, 2), affine: .identity)

  @Test func valuesOfEveryTypeAreScaledAndInOrder() {
    let stored = (0..<8).map { $0 }
    let expected = stored.map { Float($0) * 2 - 3 }
    let scaling = Scaling.uniform(slope: 2, intercept: -3)
    func check<V: StoredVoxel & BinaryInteger>(_: V.Type) {
      let volume = Volume(grid: grid, values: stored.map { V($0) }, scaling: scaling)
      #expect(volume.values() == expected)
      #expect(volume.bytes.count == 8 * V.voxelType.size)
    }
    check(Int8.self)
    check(UInt8.self)
    check(Int16.self)
    check(UInt16.self)
    check(Int32.self)
    check(UInt32.self)
    let reals = Volume(grid: grid, values: stored.map { Double($0) }, scaling: scaling)
    #expect(reals.values() == expected)
  }

  @Test func scalingPerSliceFollowsSliceAndTimePoint() {
    let slopes: [Double] = [1, 2, 3, 4]
    let volume = Volume(
      grid: grid, leading: .time(2), values: [Int16](repeating: 1, count: 16),
      scaling: .perSlice(slope: slopes, intercept: [0, 0, 0, 10]))
    #expect(volume.values(lead: 0) == [1, 1, 1, 1, 2, 2, 2, 2])
    #expect(volume.values(lead: 1) == [3, 3, 3, 3, 14, 14, 14, 14])
  }

  @Test func equalPairsBecomeOneAndOneZeroBecomesNone() {
    #expect(
      Scaling.perSlice(slope: [2, 2], intercept: [1, 1]).simplified
        == .uniform(slope: 2, intercept: 1))
    #expect(Scaling.perSlice(slope: [1, 1], intercept: [0, 0]).simplified == .identity)
    let differing = Scaling.perSlice(slope: [1, 2], intercept: [0, 0])
    #expect(differing.simplified == differing)
  }

  @Test func fractionsAreNoLabels() {
    #expect(LabelMap(Volume(grid: grid, values: [Float](repeating: 0.5, count: 8))) == nil)
    #expect(LabelMap(Volume(grid: grid, values: [Float](repeating: -1, count: 8))) == nil)
    let whole = LabelMap(Volume(grid: grid, values: (0..<8).map { Float($0) }))
    #expect(whole?.labels == (0..<8).map { UInt16($0) })
  }

  @Test func aMaskWithManyClassesIsStoredWider() {
    #expect(LabelMap(grid: grid, labels: [0, 1, 2, 255, 0, 0, 0, 0]).volume.type == .uint8)
    #expect(LabelMap(grid: grid, labels: [0, 1, 2, 256, 0, 0, 0, 0]).volume.type == .uint16)
  }

  @Test func percentilesAgreeWithNumpy() {
    // numpy.percentile([4, 1, 3, 2, 10], [0, 0.5, 37.5, 50, 99.5, 100])
    let values: [Float] = [4, 1, 3, 2, 10]
    let found = percentiles(values, [0, 0.005, 0.375, 0.5, 0.995, 1])
    let expected: [Float] = [1, 1.02, 2.5, 3, 9.88, 10]
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-5) }
    #expect(percentile([.nan, 2], 0.5) == 2)
  }
}
