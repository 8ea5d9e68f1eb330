import SSL
import Testing
import Torch

@Suite struct RegionMeansTests {
  /// Means of 5 regions of 3×3 points, some of them beyond the edge, in maps of 2×4×7×6.
  @Test(arguments: [MemoryFormat.contiguous, .channelsLast])
  func theyAreTheMeansOfBilinearSamples(_ format: MemoryFormat) throws {
    let map = Tensor.randomNormal([2, 4, 7, 6], seed: 1).contiguous(format).requiringGradient()
    let points = Tensor.randomUniform([2, 15, 3, 2], seed: 2) * 2.6 - 1.3
    let sampled = map.sampled(at: points, outside: .border)
      .reshaped([2, 4, 5, 9]).mean(axis: 3, keep: true)
    let means = regionMeans(of: map, at: points)
    #expect(means.shape == [2, 4, 5, 1])
    #expect(try (means - sampled).absolute().largest().item() < 1e-5)
    let weights = Tensor.randomNormal(means.shape, seed: 3)
    let (found, expected) = (
      (means * weights).sum().gradients(of: [map])[0],
      (sampled * weights).sum().gradients(of: [map])[0]
    )
    #expect(try (found - expected).absolute().largest().item() < 1e-5)
  }

  @Test func onePixelIsItsOwnMean() throws {
    let map = try Tensor([3 as Float, 5], [1, 2, 1, 1])
    let points = Tensor.randomUniform([1, 2, 2, 2], seed: 2) * 2 - 1
    #expect(try regionMeans(of: map, at: points).floats() == [3, 5])
  }
}
