import Foundation
import SSL
import TestFolders
import Testing
import Torch

/// The arms of a study and the ways that ask most of the host: what a recipe changes.
private let ways: [(name: String, change: @Sendable (inout PretrainRecipe) -> Void)] = [
  ("moco-v2", { ($0.local.enabled, $0.decorrelation.place) = (false, .none) }),
  ("both", { ($0.local.path, $0.local.level, $0.clip) = (.both, [1, 2], 1) }),
  (
    "argmax, batch",
    { ($0.local.matching, $0.batchNegatives, $0.keyNormGroups) = (.argmax, true, 4) }
  ),
  ("iternorm", { ($0.decorrelation.kind, $0.decorrelation.place) = (.iternorm, .tailPooled) }),
  ("covariance", { ($0.decorrelation.kind, $0.optimiser, $0.lr) = (.covariance, .sgd, 0.01) }),
  ("views on the device", { ($0.views, $0.precision) = (.device, .bf16) }),
  ("vicreg", { other(&$0, .vicreg) }),
  ("densecl", { other(&$0, .densecl) }),
  ("mae", { other(&$0, .mae) }),
]

private func other(_ recipe: inout PretrainRecipe, _ method: PretrainRecipe.Method) {
  recipe = smallRecipe(method)
  recipe.spectrumEvery = 0
}

/// How often tensors have been read when a run tells of its progress: before it and after each batch.
private func reads(_ recipe: PretrainRecipe) throws -> [Int] {
  let reads = HostReads()
  var seen: [Int] = []
  try withFolder { run in
    try reads.counting {
      _ = try pretrain(data, recipe: recipe, into: run, progress: { _ in seen.append(reads.count) })
    }
  }
  return seen
}

@Suite struct HostReadsTests {
  @Test(arguments: ways.indices)
  func aRunReadsOneTensorALineOfItsLogAndNothingInBetween(_ way: Int) throws {
    var recipe = smallRecipe()
    ways[way].change(&recipe)
    (recipe.steps, recipe.logEvery) = (7, 3)
    let seen = try reads(recipe)
    let filling = seen.count - 1 - recipe.steps
    #expect(filling == (recipe.method == .moco || recipe.method == .densecl ? 4 : 0))
    let steps = zip(seen, seen.dropFirst()).map { $1 - $0 }
    #expect(
      steps == Array(repeating: 0, count: filling) + [0, 0, 1, 0, 0, 1, 1], "\(ways[way].name)")
  }

  /// The rate is far too high: the loss is no number at the second step, and the log is due at the fifth.
  @Test(arguments: [(0, 5), (3, 3)])
  func aRunThatDivergesBetweenTwoLinesStopsWithoutACheckpoint(_ saveEvery: Int, _ step: Int) throws
  {
    var recipe = smallRecipe()
    (recipe.optimiser, recipe.lr, recipe.warmup) = (.sgd, 1e36, 0)
    (recipe.steps, recipe.logEvery, recipe.saveEvery) = (6, 5, saveEvery)
    try withFolder { run in
      var batches = 0
      #expect(throws: PretrainError.diverged) {
        _ = try pretrain(data, recipe: recipe, into: run, progress: { batches = $0.batches })
      }
      #expect(batches == 4 + step - 1)
      #expect(RunFolder(run).checkpointSteps.isEmpty && !RunFolder(run).isComplete)
    }
  }
}
