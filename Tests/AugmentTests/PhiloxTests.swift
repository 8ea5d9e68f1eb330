import Augment
import Testing

@Suite struct PhiloxTests {
  /// The known answers of Random123's `kat_vectors`, `philox4x32 10`.
  @Test(arguments: [
    (
      SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
      SIMD4<UInt32>(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)
    ),
    (
      SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
      SIMD4<UInt32>(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
    ),
    (
      SIMD4<UInt32>(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
      SIMD2<UInt32>(0xA409_3822, 0x299F_31D0),
      SIMD4<UInt32>(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
    ),
  ])
  func itGivesTheAnswersOfItsAuthors(
    counter: SIMD4<UInt32>, key: SIMD2<UInt32>, answer: SIMD4<UInt32>
  ) {
    #expect(Philox.words(counter, key: key) == answer)
  }

  @Test func itsFirstWordsAreThoseOfSeedOrdinalAndStream() {
    let seed: UInt64 = 0x1234_5678_9ABC_DEF0
    var generator = Philox(seed: seed, ordinal: 0xFFFF_0000_1111, stream: 7)
    let key = SIMD2<UInt32>(0x9ABC_DEF0, 0x1234_5678)
    for block in 0..<3 as Range<UInt32> {
      let words = Philox.words(SIMD4(block, 7, 0x0000_1111, 0xFFFF), key: key)
      for i in 0..<4 { #expect(generator.word() == words[i]) }
    }
  }

  @Test func skippedWordsAreAsIfTheyHadBeenTaken() {
    for taken in 0..<6 {
      for skipped in 0..<20 {
        var (one, other) = (Philox(seed: 9, ordinal: 4), Philox(seed: 9, ordinal: 4))
        for _ in 0..<taken { #expect(one.word() == other.word()) }
        for _ in 0..<skipped { _ = one.word() }
        other.skip(skipped)
        for _ in 0..<9 { #expect(one.word() == other.word()) }
      }
    }
  }

  @Test func neighbouringSamplesAndStreamsHaveNothingInCommon() {
    var seen = Set<UInt64>()
    for ordinal in 0..<50 as Range<UInt64> {
      for stream in 0..<4 as Range<UInt32> {
        var generator = Philox(seed: 1, ordinal: ordinal, stream: stream)
        for _ in 0..<10 { seen.insert(generator.next()) }
      }
    }
    #expect(seen.count == 50 * 4 * 10)
  }

  @Test func uniformNumbersFillTheirRangeEvenly() {
    var generator = Philox(seed: 3, ordinal: 0)
    let values = (0..<20_000).map { _ in Float(generator.uniform(in: -1...3)) }
    let (mean, deviation) = moments(values)
    #expect(values.allSatisfy { $0 >= -1 && $0 <= 3 })
    #expect(abs(mean - 1) < 0.04)
    #expect(abs(deviation - 4 / 12.0.squareRoot()) < 0.03)
  }

  @Test func logUniformNumbersAreAsOftenBelowAsAboveTheGeometricMean() {
    var generator = Philox(seed: 3, ordinal: 1)
    let values = (0..<20_000).map { _ in generator.logUniform(in: 0.5...8) }
    #expect(values.allSatisfy { $0 >= 0.5 && $0 <= 8 })
    #expect(abs(values.filter { $0 < 2 }.count - 10_000) < 300)
  }

  @Test func aShuffleLosesNothingAndMoves() {
    var generator = Philox(seed: 4, ordinal: 2)
    var items = Array(0..<100)
    generator.shuffle(&items)
    #expect(items != Array(0..<100))
    #expect(items.sorted() == Array(0..<100))
  }

  @Test func everyIndexIsDrawn() {
    var generator = Philox(seed: 4, ordinal: 3)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { counts[generator.index(below: 7)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 1000) < 150 })
  }
}
