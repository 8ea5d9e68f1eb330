import Augment
import Testing

@Suite struct SlicePixelsTests {
  @Test(arguments: [(1, 0), (0.25, -1024), (-2, 7)] as [(Float, Float)])
  func statisticsAreThoseOfTheRealValues(scale: Float, offset: Float) {
    let stored = speckle(count: 40 * 30)
    let real = stored.map { Float($0) * scale + offset }
    let expected = moments(real)
    let known = stored.withUnsafeBufferPointer {
      SlicePixels($0, channels: 1, height: 30, width: 40, scale: scale, offset: offset)
        .statistics[0]
    }
    #expect(known.minimum == real.min() && known.maximum == real.max())
    #expect(abs(Double(known.mean) - expected.mean) < 1e-3)
    #expect(abs(Double(known.deviation) - expected.deviation) < 1e-3 * expected.deviation)
  }

  @Test func eachChannelHasItsOwnStatisticsAndExtremesDoNotOverflow() {
    let stored =
      [Int16](repeating: .min, count: 9000) + [Int16](repeating: .max, count: 9000)
    let known = stored.withUnsafeBufferPointer {
      SlicePixels($0, channels: 2, height: 90, width: 100, scale: 1, offset: 0).statistics
    }
    #expect(known.map(\.mean) == [-32_768, 32_767])
    #expect(known.allSatisfy { $0.deviation == 0 })
  }
}
