import Spectra
import Testing

/// `volumes` × 10 slices of 32 dimensions: a centre a volume, a deviation a slice.
private func embeddings(centre: Int, deviation: Int, volumes: Int) -> ([Float], [Int32]) {
  var noise = Noise(state: 21)
  let centres = product(
    noise.gaussian(volumes * centre), noise.gaussian(centre * 32), volumes, centre, 32)
  let slices = product(
    noise.gaussian(volumes * 10 * deviation), noise.gaussian(deviation * 32), volumes * 10,
    deviation, 32)
  let tags = (0..<volumes * 10).map { Int32(7 + $0 / 10) }
  var values = slices
  for place in values.indices {
    let volume = place / (10 * 32)
    values[place] += centres[volume * 32 + place % 32]
  }
  return (values, tags)
}

@Test func spreadAcrossVolumesIsToldFromSpreadWithinThem() throws {
  let (values, volumes) = embeddings(centre: 24, deviation: 2, volumes: 50)
  let spectra = try VolumeSpectra(values, volumes: volumes, dimensions: 32)
  let across = try #require(spectra.across), within = try #require(spectra.within)
  #expect(across.scores.effectiveRank > 10)
  #expect(within.scores.effectiveRank < 2.01)
  #expect(across.samples == 50 && within.samples == 500)
  #expect(within.verdict.hasPrefix("collapsed"))
}

@Test func deviationsFromGroupMeansLoseADegreeOfFreedomEach() throws {
  var noise = Noise(state: 2)
  let values = noise.gaussian(40 * 64)
  let volumes = (0..<40).map { Int32($0 / 2) }
  let within = try #require(
    try VolumeSpectra(values, volumes: volumes, dimensions: 64).within)
  #expect(within.eigenvalues.count == 20)
  #expect(within.eigenvalues.allSatisfy { $0 > 1e-9 })
  #expect(abs(within.scores.rankMe / within.ceiling.rankMe - 1) < 0.05)
}

@Test func oneVolumeHasNoSpectrumAcrossAndSingleSlicesNoneWithin() throws {
  var noise = Noise(state: 6)
  let values = noise.gaussian(6 * 4)
  let one = try VolumeSpectra(values, volumes: [3, 3, 3, 3, 3, 3], dimensions: 4)
  #expect(one.across == nil && one.within != nil)
  let single = try VolumeSpectra(values, volumes: [1, 2, 3, 4, 5, 6], dimensions: 4)
  #expect(single.within == nil && single.across == single.all)
}
