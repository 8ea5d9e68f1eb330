import NN
import Torch

// Log, validation, early stopping, checkpoints.
extension Finetuning {
  /// Whether no step is to be made any more.
  var isOver: Bool { step >= recipe.steps || patience.isOver }

  /// Writes a line of means since the last one.
  func log() throws {
    let record = try losses.record(step: step, rate: recipe.rate(step: step))
    try records.append(record)
    (lastLoss, losses) = (record.loss, MeanLosses())
  }

  /// Whether the validation split should be scored after this step.
  var validationIsDue: Bool {
    step == recipe.steps || (recipe.validateEvery > 0 && step % recipe.validateEvery == 0)
  }

  /// Scores the validation split, keeps the state if it is to be kept, and saves the checkpoint.
  func validate() throws {
    let current = average?.network ?? network
    guard try areFinite(current.store.tensors().values) else {
      throw SegmentationError.diverged(step: step)
    }
    let scores = try validator.scores(of: current)
    let isBest = patience.isBest(scores?.mean)
    if let scores {
      try records.append(
        FinetuneRecord(
          step: step, validationDice: scores.mean, validationClasses: scores.byClass,
          stoppedEarly: hasStoppedEarly ? true : nil))
    }
    if recipe.keep == .last ? isOver : isBest {
      (description.step, description.validationDice) = (step, scores?.mean)
      try SafeTensors(tensors: current.store.tensors(), metadata: description.metadata())
        .write(to: run.segmenter)
    }
    try save()
    losses.start = .now
  }

  /// Writes the state that the run can go on from.
  ///
  /// - Throws: ``SegmentationError/diverged(step:)``, and writes nothing, when not all of it is numbers.
  func save() throws {
    var tensors = network.store.tensors(prefix: "network.")
    if let average {
      tensors.merge(average.network.store.tensors(prefix: "average.")) { a, _ in a }
    }
    for (index, group) in groups.enumerated() {
      for (name, tensor) in group.optimizer.state { tensors["optimizer.\(index).\(name)"] = tensor }
    }
    guard try areFinite(tensors.values) else { throw SegmentationError.diverged(step: step) }
    var now = description
    now.step = step
    let strings = try now.metadata().merging(patience.metadata) { a, _ in a }
    try SafeTensors(tensors: tensors, metadata: strings).write(to: run.checkpoint)
  }

  func takeUp(_ saved: Checkpoint) throws {
    try network.store.load(saved.part("network."))
    try average?.network.store.load(saved.part("average."))
    for (index, group) in groups.enumerated() {
      try group.optimizer.load(saved.part("optimizer.\(index)."))
    }
    step = saved.step
    patience = Patience(limit: recipe.patience, saved.metadata)
    description.validationDice = saved.validationDice
  }

  private var hasStoppedEarly: Bool { patience.isOver && step < recipe.steps }

  /// Where the training stands.
  var progress: FinetuneProgress {
    FinetuneProgress(step: step, steps: recipe.steps, loss: lastLoss, encoder: loaded)
  }

  /// What the training has come to.
  var result: FinetuneResult {
    FinetuneResult(
      step: step, isFinished: isOver, hasStoppedEarly: hasStoppedEarly,
      volumes: description.volumes, validationDice: description.validationDice, encoder: loaded)
  }
}

/// How long training goes on without a better score on the validation split.
struct Patience {
  /// Scores that may pass without a better one; 0 is any number.
  let limit: Int
  private var best: Double?
  private var passed = 0

  init(limit: Int) { self.limit = limit }

  /// Goes on with what a checkpoint's metadata says.
  init(limit: Int, _ metadata: [String: String]) {
    self.limit = limit
    best = metadata["best"].flatMap(Double.init)
    passed = metadata["scoresSinceBest"].flatMap { Int($0) } ?? 0
  }

  /// What a checkpoint says of it.
  var metadata: [String: String] {
    var strings = ["scoresSinceBest": String(passed)]
    strings["best"] = best.map { String($0) }
    return strings
  }

  /// Whether enough scores have passed.
  var isOver: Bool { limit > 0 && passed >= limit }

  /// Counts a score and says whether it is the best so far, as every state is that has none.
  mutating func isBest(_ score: Double?) -> Bool {
    guard let score else { return true }
    guard score > best ?? -1 else {
      passed += 1
      return false
    }
    (best, passed) = (score, 0)
    return true
  }
}
