import Loader
import Testing

@Suite struct PermutationTests {
  private func order(_ count: Int, epoch: Int = 0) -> [Int] {
    let permutation = Permutation(count: count, seed: 3, stream: 1, epoch: epoch, part: 9)
    return (0..<count).map { permutation[$0] }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 16, 17, 100, 1000, 4097])
  func everyNumberComesOnce(count: Int) {
    #expect(order(count).sorted() == Array(0..<count))
  }

  @Test func ordersOfDifferentKeysDiffer() {
    #expect(order(100) != order(100, epoch: 1))
    #expect(order(100) == order(100))
  }

  @Test(arguments: [3, 5, 8, 20])
  func everyNumberStandsAnywhereAlike(count: Int) {
    var seen = [Int](repeating: 0, count: count * count)
    for epoch in 0..<2000 {
      for (place, value) in order(count, epoch: epoch).enumerated() {
        seen[place * count + value] += 1
      }
    }
    let expected = 2000.0 / Double(count)
    let chi = seen.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    let freedom = Double((count - 1) * (count - 1))
    #expect(chi < freedom + 5 * (2 * freedom).squareRoot(), "chi² \(chi) of \(freedom)")
  }
}
