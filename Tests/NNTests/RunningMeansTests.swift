import NN
import Testing
import Torch

@Suite struct RunningMeansTests {
  @Test func meansAreThoseOfTheSumsInDoublePrecisionAndReadInOneCopy() throws {
    var means = RunningMeans()
    let reads = HostReads()
    let steps: [[Float]] = [[1e8, 0.1], [1, 0.2], [-1e8, 0.4]]
    try reads.counting {
      for step in steps { means.add(try step.map { try Tensor([$0], []) }) }
    }
    #expect(reads.count == 0 && means.steps == 3)
    let found = try reads.counting { try means.read() }
    #expect(reads.count == 1)
    #expect(found == [1 / 3.0, (Double(Float(0.1)) + Double(Float(0.2)) + Double(Float(0.4))) / 3])
    #expect(try RunningMeans().read().isEmpty)
  }

  @Test func aNumberThatWasNotFiniteOnceIsFound() throws {
    for odd in [Float.nan, .infinity, -.infinity] {
      var means = RunningMeans()
      for value in [1, odd, 2] {
        means.add([try Tensor([value], []), try Tensor([1 as Float], [])])
      }
      let found = try means.read()
      #expect(!found[0].isFinite && found[1] == 1)
    }
  }
}
