import Foundation
import Segmentation
import Testing
import Torch

@Suite struct FinetuneReadsTests {
  /// Ten steps between two lines of the log; the last step is validated and saved.
  @Test(arguments: FinetuneMode.allCases, [false, true])
  func aRunReadsOneTensorALineOfItsLogAndNothingInBetween(
    _ mode: FinetuneMode, _ isElaborate: Bool
  ) throws {
    let store = try SyntheticStore()
    var recipe = SyntheticStore.recipe(mode, steps: 22)
    if isElaborate {
      (recipe.deepSupervision, recipe.average, recipe.clip) = (true, 0.9, 0.1)
      (recipe.freezeSteps, recipe.optimiser, recipe.precision) = (5, .sgd, .bf16)
    }
    let (run, reads) = (store.run("reads"), HostReads())
    let encoder = mode == .scratch ? nil : try randomEncoder(store.slices.preparation)
    var seen: [Int] = []
    try reads.counting {
      _ = try finetune(
        store.slices, recipe: recipe, from: encoder, into: run,
        progress: { _ in seen.append(reads.count) })
    }
    let steps = zip(seen, seen.dropFirst()).map { $1 - $0 }
    let quiet = Array(repeating: 0, count: 9)
    #expect(Array(steps.prefix(21)) == quiet + [1] + quiet + [1, 0])
    #expect(steps.count == 22 && steps[21] > 1)
  }

  @Test func theLossIsToldWithEachLineOfTheLogAndTheEncoderBeforeTheFirstStep() throws {
    let store = try SyntheticStore()
    let (run, encoder) = (store.run("told"), try randomEncoder(store.slices.preparation))
    var told: [FinetuneProgress] = []
    _ = try finetune(
      store.slices, recipe: SyntheticStore.recipe(.full, steps: 11), from: encoder, into: run,
      progress: { told.append($0) })
    #expect(told.map(\.step) == Array(0...11))
    #expect(told[0].encoder?.matched.count == encoder.tensors.count)
    #expect(told[9].loss == nil && told[10].loss == told[11].loss)
    let log = try String(contentsOfFile: run.metrics, encoding: .utf8)
    #expect(log.contains(#""loss":\#(try #require(told[10].loss)),"#))
  }

  @Test func aRunThatDivergesStopsAtTheNextLineAndKeepsNothing() throws {
    let store = try SyntheticStore()
    let run = store.run("diverged")
    var recipe = SyntheticStore.recipe(.scratch, steps: 30)
    (recipe.optimiser, recipe.lr, recipe.clip, recipe.warmup) = (.sgd, 1e36, 0, 0)
    #expect(throws: SegmentationError.diverged(step: 10)) {
      try finetune(store.slices, recipe: recipe, from: nil, into: run)
    }
    let kept = [run.segmenter, run.checkpoint].filter { FileManager.default.fileExists(atPath: $0) }
    #expect(kept.isEmpty)
    var asked = 0
    #expect(throws: SegmentationError.diverged(step: 4)) {
      try finetune(
        store.slices, recipe: recipe, from: nil, into: run,
        shouldStop: {
          asked += 1
          return asked > 4
        })
    }
  }
}
