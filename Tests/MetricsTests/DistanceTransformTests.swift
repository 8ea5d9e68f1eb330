import Imaging
import Metrics
import Testing

@Test func squaredDistancesEqualThoseFoundByTryingEveryVoxel() {
  let size = SIMD3(9, 7, 5)
  let spacing = SIMD3(0.75, 1.25, 3)
  let set = (0..<size.x * size.y * size.z).map { ($0 &* 2_654_435_761) % 97 < 4 }
  let found = squaredDistances(to: set, size: size, spacing: spacing)
  func place(_ at: Int) -> SIMD3<Double> {
    SIMD3(Double(at % 9), Double(at / 9 % 7), Double(at / 63)) * spacing
  }
  let seeds = set.indices.filter { set[$0] }.map(place)
  #expect(seeds.count > 3)
  for at in set.indices {
    let nearest = seeds.map { dot($0 - place(at), $0 - place(at)) }.min() ?? .infinity
    #expect(abs(found[at] - nearest) < 1e-9)
  }
}

@Test func nothingSetIsInfinitelyFarAway() {
  let found = squaredDistances(
    to: [Bool](repeating: false, count: 24), size: SIMD3(2, 3, 4), spacing: SIMD3(1, 1, 1))
  #expect(found.allSatisfy { $0 == .infinity })
}
