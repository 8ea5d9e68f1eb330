import Foundation
import Spectra
import Testing

/// Gaussian numbers that are the same every time (SplitMix64 and Box–Muller).
struct Noise {
  var state: UInt64

  mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return (Double((z ^ (z >> 31)) >> 11) + 0.5) / 9_007_199_254_740_992
  }

  mutating func gaussian(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      Float((-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()))
    }
  }
}

/// N×R times R×D.
func product(_ a: [Float], _ b: [Float], _ n: Int, _ r: Int, _ d: Int) -> [Float] {
  var out = [Float](repeating: 0, count: n * d)
  for i in 0..<n {
    for k in 0..<r { for j in 0..<d { out[i * d + j] += a[i * r + k] * b[k * d + j] } }
  }
  return out
}

@Test func rankMeOfOrthonormalRowsIsTheirNumber() throws {
  var eye = [Float](repeating: 0, count: 64)
  for i in 0..<8 { eye[i * 8 + i] = 1 }
  let spectrum = try Spectrum(eye, samples: 8, dimensions: 8)
  #expect(abs(spectrum.scores.rankMe - 8) < 1e-4)
  #expect(spectrum.singularValues.allSatisfy { abs($0 - 1) < 1e-12 })
  #expect(abs(spectrum.scores.effectiveRank - 7) < 1e-9)
  #expect(abs(spectrum.scores.participationRatio - 7) < 1e-9)
  #expect(abs(spectrum.scores.correlation - 1.0 / 7) < 1e-9)
}

@Test func dataOfRankRScoresAboutR() throws {
  var noise = Noise(state: 1)
  let data = product(noise.gaussian(2000 * 5), noise.gaussian(5 * 96), 2000, 5, 96)
  let spectrum = try Spectrum(data, samples: 2000, dimensions: 96)
  #expect((4.7...5.1).contains(spectrum.scores.rankMe))
  #expect((4.5...5.0001).contains(spectrum.scores.effectiveRank))
  #expect(spectrum.verdict.hasPrefix("collapsed: "))
}

@Test func theScoresDoNotDependOnScaleOrOrderOfSamples() throws {
  var noise = Noise(state: 5)
  let data = product(noise.gaussian(60 * 9), noise.gaussian(9 * 12), 60, 9, 12)
  let spectrum = try Spectrum(data, samples: 60, dimensions: 12)
  var turned: [Float] = []
  for row in stride(from: 59, through: 0, by: -1) {
    for column in 0..<12 { turned.append(8 * data[row * 12 + column]) }
  }
  let other = try Spectrum(turned, samples: 60, dimensions: 12)
  #expect(abs(spectrum.scores.rankMe - other.scores.rankMe) < 1e-6)
  #expect(abs(spectrum.scores.effectiveRank - other.scores.effectiveRank) < 1e-9)
  #expect(abs(spectrum.scores.correlation - other.scores.correlation) < 1e-9)
}

@Test func aMeanIsSeenByRankMeAndNotByTheCovariance() throws {
  var noise = Noise(state: 8)
  let data = noise.gaussian(500 * 16)
  let moved = data.map { $0 + 50 }
  let still = try Spectrum(data, samples: 500, dimensions: 16)
  let shifted = try Spectrum(moved, samples: 500, dimensions: 16)
  #expect(shifted.scores.rankMe < 0.5 * still.scores.rankMe)
  #expect(abs(shifted.scores.effectiveRank - still.scores.effectiveRank) < 1e-3)
}

@Test func equalEmbeddingsHaveCollapsedToOnePoint() throws {
  let spectrum = try Spectrum([Float](repeating: 0.5, count: 30), samples: 10, dimensions: 3)
  #expect(spectrum.scores.effectiveRank == 0)
  #expect(spectrum.verdict.hasPrefix("collapsed to one point"))
}

@Test func theVerdictCountsDimensionsInWords() throws {
  var noise = Noise(state: 3)
  let spectrum = try Spectrum(noise.gaussian(128 * 128), samples: 128, dimensions: 128)
  #expect(spectrum.verdict.contains("not collapsed: 7"))
  #expect(spectrum.verdict.contains("of 128 dimensions, ceiling 77"))
  #expect(spectrum.row.count == Spectrum.columns.count)
}

@Test func aSpectrumSurvivesJSON() throws {
  var noise = Noise(state: 4)
  let spectrum = try Spectrum(noise.gaussian(40), samples: 10, dimensions: 4)
  let copy = try JSONDecoder().decode(Spectrum.self, from: JSONEncoder().encode(spectrum))
  #expect(copy == spectrum)
}

@Test func embeddingsThatAreNotOnesAreRefusedWithAReason() {
  #expect(throws: SpectraError.wrongCount(values: 5, samples: 2, dimensions: 3)) {
    try Spectrum([1, 2, 3, 4, 5], samples: 2, dimensions: 3)
  }
  #expect(throws: SpectraError.tooFewSamples(1)) {
    try Spectrum([1, 2, 3], samples: 1, dimensions: 3)
  }
  #expect(throws: SpectraError.notFinite(sample: 1)) {
    try Spectrum([1, 2, 3, .nan], samples: 2, dimensions: 2)
  }
}

@Test func aMissingLibraryIsNamedWithThePackageThatBringsIt() {
  let sentence = SpectraError.noLibrary(reason: "libopenblas.so.0: not found").description
  #expect(sentence.contains("libopenblas.so.0: not found") && sentence.contains("libopenblas0)"))
}
