import Loader
import Testing

@Suite struct SliceOrderTests {
  private func order(
    _ counts: [Int], batchSize: Int, seed: UInt64 = 1, balance: SampleBalance = .slices
  ) -> (order: SliceOrder, volumes: [Int32]) {
    let volumes = counts.enumerated().flatMap { volume, count in
      [Int32](repeating: Int32(volume), count: count)
    }
    let slices = SliceSelection(volumes.indices) { Int(volumes[$0]) }
    let order = SliceOrder(
      slices, batchSize: batchSize, balance: balance, seed: seed, stream: 2)
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
      #expect(full == steps)
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

  @Test func aVolumeLargerThanAnEpochsStepsRecursAsSeldomAsCanBe() {
    let (order, volumes) = order([90, 10, 10, 10], batchSize: 6)
    for step in 0..<order.stepsPerEpoch {
      #expect(order.batch(step).filter { volumes[$0] == 0 }.count <= 6)
      #expect(Set(order.batch(step)).count == 6)
    }
  }

  @Test func volumesMeetInEveryCombination() {
    let (order, volumes) = order([Int](repeating: 10, count: 24), batchSize: 8)
    var met: Set<[Int32]> = []
    for step in 0..<10 * order.stepsPerEpoch {
      let own = Set(order.batch(step).map { volumes[$0] }).sorted()
      for a in own { for b in own where a < b { met.insert([a, b]) } }
    }
    #expect(met.count == 24 * 23 / 2)
  }

  @Test func balancedByVolumeAllAreSeenAlike() {
    let (order, volumes) = order([100, 5, 20, 7, 40, 8], batchSize: 6, balance: .volumes)
    #expect(order.stepsPerEpoch == 30)
    let seen = (0..<60).flatMap { order.batch($0) }
    for volume in 0..<6 as Range<Int32> {
      #expect(seen.filter { volumes[$0] == volume }.count == 60)
    }
    for step in 0..<60 { #expect(Set(order.batch(step).map { volumes[$0] }).count == 6) }
    let third = seen.filter { volumes[$0] == 1 }
    #expect(Set(third).count == 5)
  }

  @Test func weightsSayHowOftenAVolumeIsSeen() {
    let (order, volumes) = order(
      [30, 30, 30, 30], batchSize: 4, balance: .weights([1, 0, 2, 3]))
    let seen = (0..<order.stepsPerEpoch).flatMap { order.batch($0) }.map { volumes[$0] }
    #expect(seen.filter { $0 == 1 }.isEmpty)
    #expect(seen.filter { $0 == 0 }.count == 20 && seen.filter { $0 == 3 }.count == 60)
  }

  /// Ten million slices in fifty thousand volumes; an order that kept them would take seconds.
  @Test func tenMillionSlicesAreShuffledPlaceByPlace() {
    var slices = SliceSelection()
    for volume in 0..<50_000 { slices.append(volume * 200..<volume * 200 + 200, volume: volume) }
    let order = SliceOrder(slices, batchSize: 256, seed: 5, stream: 2)
    #expect(slices.count == 10_000_000 && order.stepsPerEpoch == 39_062)
    var seen: Set<Int> = []
    for step in [0, 1, 2, 17_000, 39_061] {
      let batch = order.batch(step)
      #expect(Set(batch.map { $0 / 200 }).count == 256)
      seen.formUnion(batch)
    }
    #expect(seen.count == 5 * 256)
    let mean = seen.reduce(0.0) { $0 + Double($1) } / Double(seen.count)
    #expect(abs(mean / 10_000_000 - 0.5) < 0.04)
  }
}
