import Foundation
import SSL
import TestFolders
import Testing
import Torch

/// Every tensor of a run's newest checkpoint as bytes, by name.
private func state(_ run: String) throws -> [String: [Double]] {
  let archive = try SafeTensors(reading: RunFolder(run).newestCheckpoint())
  return try archive.tensors.mapValues { try $0.array(of: Double.self) }
}

/// Says that it is time to stop once it has been asked so often.
private final class Patience {
  private var left: Int
  init(_ count: Int) { left = count }
  func isOver() -> Bool {
    left -= 1
    return left < 0
  }
}

@Test(arguments: [
  (PretrainRecipe.Precision.fp32, false), (.fp32, true), (.bf16, true),
])
func stoppingAndGoingOnEqualsNotStopping(
  _ precision: PretrainRecipe.Precision, _ channelsLast: Bool
) throws {
  var recipe = smallRecipe()
  (recipe.steps, recipe.precision, recipe.channelsLast) = (6, precision, channelsLast)
  recipe.optimiser = precision == .bf16 ? .adamw : .sgd
  try withFolder { straight in
    try withFolder { halved in
      try pretrain(data, recipe: recipe, into: straight)
      let patience = Patience(4 + 3)  // four batches fill the queue
      let first = try pretrain(
        data, recipe: recipe, into: halved, shouldStop: { patience.isOver() })
      #expect(first.step == 3 && !first.isComplete)
      #expect(!RunFolder(halved).isComplete)
      let second = try pretrain(data, recipe: recipe, into: halved, resume: true)
      #expect(second.step == 6 && second.isComplete && second.notes.isEmpty)
      let (a, b) = (try state(straight), try state(halved))
      #expect(Set(a.keys) == Set(b.keys) && a.count > 60)
      for (name, values) in a { #expect(values == b[name], "\(name)") }
    }
  }
}

/// Every method, and what differs in what it keeps: a second queue, none, a mask a step.
@Test(arguments: [PretrainRecipe.Method.densecl, .vicreg, .mae])
func everyMethodGoesOnBitForBit(_ method: PretrainRecipe.Method) throws {
  let recipe = smallRecipe(method)
  try withFolder { straight in
    try withFolder { halved in
      let whole = try pretrain(data, recipe: recipe, into: straight)
      let patience = Patience(2 + (method == .densecl ? 4 : 0))
      let first = try pretrain(
        data, recipe: recipe, into: halved, shouldStop: { patience.isOver() })
      #expect(first.step == 2 && !first.isComplete)
      try pretrain(data, recipe: recipe, into: halved, resume: true)
      let (a, b) = (try state(straight), try state(halved))
      #expect(Set(a.keys) == Set(b.keys) && a.count > 60)
      for (name, values) in a { #expect(values == b[name], "\(name)") }
      #expect(a.keys.contains("dense.keys") == (method == .densecl))
      #expect(whole.verdict?.contains("of 16 dimensions") == true)
      let encoder = try SafeTensors(reading: RunFolder(straight).encoder)
      #expect(encoder.tensors.count == 24, "no method's heads go out with the encoder")
    }
  }
}

@Test func aRunThatIsStoppedWhileTheQueueFillsGoesOnAsWell() throws {
  let recipe = smallRecipe()
  try withFolder { straight in
    try withFolder { halved in
      try pretrain(data, recipe: recipe, into: straight)
      let patience = Patience(2)
      let first = try pretrain(
        data, recipe: recipe, into: halved, shouldStop: { patience.isOver() })
      #expect(first.step == 0)
      try pretrain(data, recipe: recipe, into: halved, resume: true)
      #expect(try state(straight) == state(halved))
    }
  }
}

@Test func someStepsOfTheWholeMethodLowerTheLossAndBeatChance() throws {
  var recipe = smallRecipe()
  (recipe.steps, recipe.logEvery, recipe.spectrumEvery) = (30, 10, 15)
  (recipe.batch, recipe.queue) = (48, 0)  // fewer slices than two batches: negatives from the batch
  (recipe.keyMomentum, recipe.lr) = (0.9, 5e-3)
  (recipe.crops.geometry.area, recipe.crops.geometry.elasticProbability) = (0.5...1, 0)
  try withFolder { run in
    let result = try pretrain(
      data, recipe: recipe, into: run, recipeText: "pretrain: {steps: 30}\n")
    #expect(result.isComplete && RunFolder(run).isComplete)
    let lines = try String(contentsOfFile: RunFolder(run).metrics, encoding: .utf8)
      .split(separator: "\n")
      .map { try JSONDecoder().decode(PretrainRecord.self, from: Data($0.utf8)) }
    #expect(lines.map(\.step) == [10, 20, 30])
    #expect(lines[2].loss < lines[0].loss - 0.1)
    #expect(lines[2].local! < lines[0].local! - 0.2)
    #expect(lines[2].topOne! > lines[2].chance!)
    #expect(lines[2].imagesPerSecond > 0)
    #expect(lines[0].spectra == nil && lines[2].spectra?["pooled.whitened"] != nil)
    #expect(result.verdict?.contains("of 16 dimensions, ceiling 1") == true)
    let yaml = try String(contentsOfFile: run + "/recipe.yaml", encoding: .utf8)
    #expect(yaml == "pretrain: {steps: 30}\n")
  }
}

@Test func aCompleteRunIsNotRunAgainAndAnotherRecipeIsRefused() throws {
  var recipe = smallRecipe()
  recipe.steps = 1
  try withFolder { run in
    let result = try pretrain(data, recipe: recipe, into: run)
    let again = try pretrain(data, recipe: recipe, into: run, resume: true)
    #expect(again.step == result.step && again.isComplete)
    #expect(throws: PretrainError.exists(path: run)) {
      try pretrain(data, recipe: recipe, into: run)
    }
    let path = RunFolder(run).checkpoint(step: 1)
    var other = recipe
    other.temperature = 0.1
    #expect(throws: PretrainError.differs(path: path, what: "the recipe")) {
      try pretrain(data, recipe: other, into: run, resume: true)
    }
    var moved = data
    moved.digest = "d2"
    #expect(throws: PretrainError.differs(path: path, what: "the slice store")) {
      try pretrain(moved, recipe: recipe, into: run, resume: true)
    }
    var chattier = recipe
    (chattier.logEvery, chattier.keep) = (7, 5)
    try pretrain(data, recipe: chattier, into: run, resume: true)
  }
}

@Test func checkpointsComeEverySoOftenAndTheOldestGo() throws {
  var recipe = smallRecipe()
  (recipe.steps, recipe.saveEvery, recipe.keep) = (5, 2, 2)
  try withFolder { run in
    try pretrain(data, recipe: recipe, into: run)
    #expect(RunFolder(run).checkpointSteps == [4, 5])
  }
}

@Test func linesAfterTheCheckpointThatAKilledRunLeftAreWrittenAnew() throws {
  var recipe = smallRecipe()
  (recipe.steps, recipe.logEvery) = (4, 1)
  try withFolder { run in
    let patience = Patience(4 + 2)
    try pretrain(data, recipe: recipe, into: run, shouldStop: { patience.isOver() })
    let log = RunFolder(run).metrics
    let kept = try String(contentsOfFile: log, encoding: .utf8)
    let ahead = kept.split(separator: "\n")[1].replacingOccurrences(
      of: "\"step\":2", with: "\"step\":3")
    try (kept + ahead + "\n{\"cut of").write(toFile: log, atomically: true, encoding: .utf8)
    try pretrain(data, recipe: recipe, into: run, resume: true)
    let after = try String(contentsOfFile: log, encoding: .utf8)
    #expect(after.hasPrefix(kept))
    #expect(after.split(separator: "\n").count == 4)
  }
}

@Test func aCheckpointThatLacksSomethingIsRefusedByName() throws {
  var recipe = smallRecipe()
  recipe.steps = 1
  try withFolder { run in
    try pretrain(data, recipe: recipe, into: run)
    let path = try RunFolder(run).newestCheckpoint()
    let whole = try SafeTensors(reading: path)
    for name in ["key.projector.0.weight", "queue.keys", "optimiser.step", "random"] {
      var archive = whole
      archive.tensors[name] = nil
      try archive.write(to: path)
      #expect(throws: PretrainError.self) {
        try pretrain(data, recipe: recipe, into: run, resume: true)
      }
    }
    var archive = whole
    archive.metadata["queue.pointer"] = "4096"
    try archive.write(to: path)
    #expect(throws: PretrainError.checkpoint(path: path, problem: "queue out of range")) {
      try pretrain(data, recipe: recipe, into: run, resume: true)
    }
  }
  #expect(throws: PretrainError.notARun(path: "/nowhere")) {
    try RunFolder("/nowhere").newestCheckpoint()
  }
}

@Test func anEmptySplitAndImpossibleSettingsAreRefusedBeforeAnythingStarts() throws {
  #expect(throws: PretrainError.tooFewSlices(slices: 7, batch: 8)) {
    try smallRecipe().resolved(slices: 7)
  }
  var recipe = smallRecipe()
  recipe.decorrelation.place = .lastNorm
  recipe.decorrelation.kind = .covariance
  #expect(throws: PretrainError.self) { try recipe.resolved(slices: 80) }
  recipe = smallRecipe()
  recipe.keyNormGroups = 3
  #expect(throws: PretrainError.self) { try recipe.resolved(slices: 80) }
}

@Test func settingsThatAMethodDoesNotHaveAreRefused() throws {
  var recipe = smallRecipe(.vicreg)
  #expect(try recipe.resolved(slices: 80).queue == 0)
  recipe.local.enabled = true
  #expect(throws: PretrainError.self) { try recipe.resolved(slices: 80) }
  recipe = smallRecipe(.mae)
  recipe.mae.patch = 7
  #expect(throws: PretrainError.self) { try recipe.resolved(slices: 80) }
  recipe = smallRecipe(.mae)
  recipe.mae.share = 1
  #expect(throws: PretrainError.self) { try recipe.resolved(slices: 80) }
  recipe = smallRecipe(.mae)
  recipe.decorrelation.place = .tail
  #expect(throws: PretrainError.self) { try recipe.resolved(slices: 80) }
}

@Test func automaticSettingsFollowTheSlices() throws {
  var recipe = PretrainRecipe()
  recipe.batch = 128
  let small = try recipe.resolved(slices: 5_000), large = try recipe.resolved(slices: 100_000)
  #expect((small.queue, small.keyMomentum) == (4864, 0.99))
  #expect((large.queue, large.keyMomentum) == (65_536, 0.999))
  #expect(small.lr == 0.015 && small.keyNormGroups == 1)
  #expect(small.learningRate(step: 0) == 0.015 / 50)
  #expect(small.learningRate(step: 49) == 0.015)
  #expect(small.learningRate(step: 1199) < 1e-6)
}
