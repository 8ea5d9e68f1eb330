import Loader
import Testing

@Suite struct SliceOrderTests {
  private func order(
    _ counts: [Int], batchSize: Int, seed: UInt64 = 1
  ) -> (order: SliceOrder, volumes: [Int32]) {
    let volumes = counts.enumerated().flatMap { volume, count in
      [Int32](repeating: Int32(volume), count: count)
    }
    let order = SliceOrder(
      slices: Array(0..<volumes.count), volumes: volumes, batchSize: batchSize, seed: seed,
      stream: 2)
    return (order, volumes)
  }

  @Test func anEpochIsAPermutation() {
    let (order, _) = order([7, 30, 11, 2], batchSize: 5)
    #expect(order.stepsPerEpoch == 10)
    for epoch in 0..<3 {
      let seen = (0..<10).flatMap { order.batch(epoch * 10 + $0) }
      #expect(seen.sorted() == Array(0..<50))
    }
    #expect(order.batch(0) != order.batch(10))
  }

  @Test func whatDoesNotFillABatchIsLeftOutAndDiffersBetweenEpochs() {
    let (order, _) = order([7, 8, 8], batchSize: 5)
    #expect(order.stepsPerEpoch == 4)
    let left = (0..<6).map { epoch in
      Set(0..<23).subtracting((0..<4).flatMap { order.batch(epoch * 4 + $0) })
    }
    #expect(left.allSatisfy { $0.count == 3 })
    #expect(Set(left).count > 1)
  }

  @Test(arguments: [16, 24, 36])
  func aBatchHoldsAVolumeOnceWhereThereAreVolumesEnough(batchSize: Int) {
    let counts = (0..<40).map { 20 + $0 % 7 }
    let (order, volumes) = order(counts, batchSize: batchSize)
    for epoch in 0..<3 {
      let steps = (0..<order.stepsPerEpoch).map { epoch * order.stepsPerEpoch + $0 }
      let full = steps.filter { Set(order.batch($0).map { volumes[$0] }).count == batchSize }
      #expect(full.count >= steps.count - 2)  // an epoch's end may have too few volumes left
    }
  }

  @Test func aBatchLargerThanTheDataGoesRoundEvenly() {
    let (order, _) = order([2, 3], batchSize: 8)
    #expect(order.stepsPerEpoch == 1)
    let seen = (0..<5).flatMap { order.batch($0) }
    for slice in 0..<5 { #expect(seen.filter { $0 == slice }.count == 8) }
    #expect(Set(order.batch(0)).count == 5)
  }

  @Test func aStepNeedsNoneBeforeIt() {
    let whole = order([20, 21, 22], batchSize: 4).order
    let steps = (0..<60).map { whole.batch($0) }
    for step in [59, 3, 31, 0, 44] {
      #expect(order([20, 21, 22], batchSize: 4).order.batch(step) == steps[step])
    }
    #expect(order([20, 21, 22], batchSize: 4, seed: 2).order.batch(0) != steps[0])
  }
}
