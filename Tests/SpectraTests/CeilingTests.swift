import Spectra
import Testing

/// The finite-sample ceilings of isotropic noise that numpy found by drawing it.
@Test(arguments: [
  (128, 128, 103.8, 78.7, 64.9), (128, 1024, 126.0, 120.4, 114.0),
  (128, 4096, 127.5, 126.0, 124.1), (512, 4096, 503.8, 481.0, 455.2),
  (2048, 8192, 1981.5, 1807.3, 1638.3),
])
func ceilingsAreThoseOfDrawnNoise(
  _ dimensions: Int, _ samples: Int, _ rankMe: Double, _ entropy: Double, _ participation: Double
) {
  let ceiling = Scores.ceiling(
    samples: samples, dimensions: dimensions, freedom: samples - 1)
  #expect(abs(ceiling.rankMe / rankMe - 1) < 0.01)
  #expect(abs(ceiling.effectiveRank / entropy - 1) < 0.02)
  #expect(abs(ceiling.participationRatio / participation - 1) < 0.025)
}

/// The law is one of large matrices; small ones must not stray far from it.
@Test(arguments: [(20, 12), (12, 128), (40, 40), (300, 64), (64, 300)])
func ourOwnNoiseScoresItsCeiling(_ samples: Int, _ dimensions: Int) throws {
  var noise = Noise(state: 11)
  let spectrum = try Spectrum(
    noise.gaussian(samples * dimensions), samples: samples, dimensions: dimensions)
  #expect(abs(spectrum.scores.rankMe / spectrum.ceiling.rankMe - 1) < 0.04)
  #expect(abs(spectrum.scores.effectiveRank / spectrum.ceiling.effectiveRank - 1) < 0.08)
  #expect(
    abs(spectrum.scores.participationRatio / spectrum.ceiling.participationRatio - 1) < 0.1)
  #expect(abs(spectrum.scores.correlation / spectrum.ceiling.correlation - 1) < 0.1)
}
