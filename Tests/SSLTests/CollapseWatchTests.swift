import Augment
import Foundation
import Loader
import SSL
import Spectra
import TestFolders
import Testing

/// Slices that differ in one thing alone, the radius of a disk: their features lie on a curve.
private func oneFactor() -> PretrainData {
  let slices = (0..<80).map { at -> MemorySlices.Slice in
    let radius = 5 + 0.15 * Double(at)
    let pixels = (0..<48 * 40).map { place -> Int16 in
      let distance = hypot(Double(place % 40) - 20, Double(place / 40) - 24)
      return Int16(1000 / (1 + exp(distance - radius)))
    }
    return .init(pixels: pixels, volume: at / 10, position: Float(3 * (at % 10)))
  }
  var cohort = MemorySlices(channels: 1, height: 48, width: 40, slices: slices)
  cohort.scale = 1 / 500
  return PretrainData(cohort, slices: cohort.selection(), digest: "one factor")
}

private func lines(_ run: String) throws -> [PretrainRecord] {
  try String(contentsOfFile: RunFolder(run).metrics, encoding: .utf8).split(separator: "\n")
    .map { try JSONDecoder().decode(PretrainRecord.self, from: Data($0.utf8)) }
}

@Test func aRunWhoseFeaturesHaveCollapsedSaysSoOnceAndWhatToChange() throws {
  var recipe = smallRecipe()
  (recipe.features, recipe.steps, recipe.spectrumEvery) = ([8, 16, 64], 4, 1)
  (recipe.decorrelation.place, recipe.local.enabled) = (.none, false)
  try withFolder { run in
    // Stopped after two steps: what has been said is not said again.
    var asked = 0
    try pretrain(
      oneFactor(), recipe: recipe, into: run,
      shouldStop: {
        asked += 1
        return asked > 4 + 2
      })
    try pretrain(oneFactor(), recipe: recipe, into: run, resume: true)
    let log = try lines(run)
    #expect(log.count == 4)
    #expect(log.allSatisfy { $0.verdict?.contains("features collapsed: ") == true })
    let warnings = log.compactMap(\.warning)
    #expect(warnings == [try #require(log[0].warning)])
    for words in ["have collapsed to", "lower pretrain.lr", "decorrelation.place=pooled", "crops"] {
      #expect(warnings[0].contains(words))
    }
  }
}

@Test func theLogHasEveryScoreOfEveryTapBesideItsCeiling() throws {
  var recipe = smallRecipe()
  (recipe.steps, recipe.spectrumEvery) = (1, 1)
  try withFolder { run in
    try pretrain(data, recipe: recipe, into: run)
    let spectra = try #require(lines(run)[0].spectra)
    let taps = ["lastMap", "lastMap.whitened", "pooled", "pooled.whitened", "projected"]
    #expect(Set(spectra.keys) == Set(taps))
    for tap in taps {
      let ranks = try #require(spectra[tap])
      let (across, within) = (try #require(ranks.across), try #require(ranks.within))
      #expect(across.samples == 8)
      #expect(ranks.all.singularValues?.count == ranks.all.dimensions)
      for found in [ranks.all, across, within] {
        #expect(found.scores.effectiveRank > 0 && found.scores.participationRatio > 0)
        let ceiling = Scores.ceiling(
          samples: found.samples, dimensions: found.dimensions,
          freedom: found == within ? found.samples - 8 : found.samples - 1)
        #expect(abs(found.ceiling.effectiveRank - ceiling.effectiveRank) < 1e-9)
        #expect(found.ceiling.rankMe > 1 && found.ceiling.correlation < 1)
      }
    }
  }
}

/// The rank of 400 features of 64 dimensions, of which only the first `used` vary.
private func rank(used: Int) throws -> RankRecord {
  var random = Philox(seed: 3, ordinal: UInt64(used))
  let features = (0..<400 * 64).map { at in
    at % 64 < used ? Float(random.uniform() - 0.5) : 0
  }
  return RankRecord(try Spectrum(features, samples: 400, dimensions: 64))
}

@Test func theWatchSpeaksWhenTheStateGetsWorseAndThenOnly() throws {
  var recipe = PretrainRecipe()
  recipe.lr = 0.03
  var watch = CollapseWatch()
  // From sound to a fall under a third, further down, steady, collapsed, collapsed, back, and down at once.
  let course: [(used: Int, state: CollapseWatch.State, speaks: Bool)] = [
    (60, .sound, false), (30, .sound, false), (16, .sinking, true), (12, .sinking, false),
    (12, .sound, false), (4, .collapsed, true), (3, .collapsed, false), (50, .sound, false),
    (2, .collapsed, true),
  ]
  for (step, entry) in course.enumerated() {
    let sentence = watch.look(at: try rank(used: entry.used), recipe)
    #expect(watch.state == entry.state && (sentence != nil) == entry.speaks, "step \(step)")
  }
}

@Test func theWarningSaysTheFiguresAndWhatOfTheRecipeToChange() throws {
  var recipe = PretrainRecipe()
  (recipe.lr, recipe.decorrelation.place) = (0.03, .none)
  var watch = CollapseWatch()
  _ = watch.look(at: try rank(used: 60), recipe)
  let sentence = watch.look(at: try rank(used: 3), recipe)
  let plain = try #require(sentence)
  #expect(plain.hasPrefix("the pooled features have collapsed to 3.0 of 64 dimensions, ceiling 5"))
  #expect(
    plain.contains("at the spectrum before); lower pretrain.lr (now 0.03), turn decorrelation"))
  recipe.decorrelation.place = .tail
  #expect(recipe.remedy.contains("now tail with shrinkage 0.01"))
  recipe.decorrelation.kind = .covariance
  #expect(recipe.remedy.contains("raise the covariance penalty"))
}
