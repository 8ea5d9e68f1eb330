import Foundation
import Loader
import Models
import NN
import Torch

/// Trains a segmenter on the labelled volumes of a training split, into a run folder.
///
/// A folder that holds an unfinished run of the same recipe, data and encoder is taken up where it
/// stopped. Pretrained, from-scratch and linear training share this loop and everything in it.
///
/// - Parameters:
///   - data: the slices, their split and what their labels are called.
///   - recipe: how to train.
///   - encoder: the pretrained encoder; not looked at in mode `scratch`.
///   - run: the folder to write into.
///   - device: where to compute.
///   - progress: told after every step.
///   - shouldStop: asked before every step; the run is then saved and can be continued.
/// - Throws: ``SegmentationError``, and what the loader and LibTorch throw.
public func finetune(
  _ data: LabelledSlices, recipe: FinetuneRecipe, from encoder: PretrainedEncoder?,
  into run: FinetuneRun, device: Device = .cpu,
  progress: (FinetuneProgress) -> Void = { _ in }, shouldStop: () -> Bool = { false }
) throws -> FinetuneResult {
  try recipe.validate()
  try LibTorch.load()
  LibTorch.threads = recipe.threads > 0 ? recipe.threads : ProcessInfo.processInfo.processorCount
  let training = try Finetuning(data, recipe, encoder, run, device)
  let batches = try LabelledBatches(
    data.source, slices: data.source.slices(ofVolumes: training.volumes),
    recipe: recipe.augmentation, batchSize: recipe.batch, seed: recipe.seed,
    startStep: training.step)
  defer { batches.cancel() }
  while training.step < recipe.steps, !shouldStop() {
    let loss = try training.learn(from: batches.next())
    if training.step % 10 == 0 { try training.log() }
    if training.validationIsDue { try training.validate() }
    progress(FinetuneProgress(step: training.step, steps: recipe.steps, loss: loss))
  }
  try training.save()
  return training.result
}

/// Where a fine-tuning stands.
public struct FinetuneProgress: Sendable, Equatable {
  /// Optimiser steps made, and to make.
  public var step, steps: Int
  /// The loss of this step.
  public var loss: Double
}

/// What a fine-tuning came to.
public struct FinetuneResult: Sendable, Equatable {
  /// Optimiser steps made.
  public var step: Int
  /// Whether all were made; if not, the same call goes on from here.
  public var isFinished: Bool
  /// The pseudonyms of the volumes it learned from.
  public var volumes: [String]
  /// Mean Dice of the kept state on the validation split, on the slices; nil without that split.
  public var validationDice: Double?
  /// Which tensors of the encoder were taken; nil in mode `scratch`.
  public var encoder: LoadReport?
}

/// The state of a fine-tuning between two steps.
final class Finetuning {
  /// The volumes it learns from, by ordinal.
  let volumes: [Int]
  private(set) var step = 0
  private let data: LabelledSlices
  private let recipe: FinetuneRecipe
  private let run: FinetuneRun
  private let device: Device
  private let table: ClassTable
  private let network: SegmentationNetwork
  private let loaded: LoadReport?
  private let groups: [WeightGroup]
  private let average: WeightAverage?
  private var description: SegmenterDescription
  private let validator: Validator
  private let records: FinetuneLog
  private var best: Double?
  private var sums = LossSums()

  init(
    _ data: LabelledSlices, _ recipe: FinetuneRecipe, _ encoder: PretrainedEncoder?,
    _ run: FinetuneRun, _ device: Device
  ) throws {
    (self.data, self.recipe, self.run, self.device) = (data, recipe, run, device)
    let encoder = recipe.mode == .scratch ? nil : encoder
    table = ClassTable(data.labelNames)
    guard table.labels.count > 1 else { throw SegmentationError.noClasses }
    volumes = try data.subset(recipe.volumes, seed: recipe.seed)
    try encoder?.requirePreparation(data.preparation)
    (network, loaded) = try SegmentationNetwork.build(
      recipe, channels: data.source.channels, classes: table.labels.count, encoder: encoder,
      device: device)
    try network.requireFit(height: data.source.height, width: data.source.width)
    groups = network.groups(recipe)
    average = try recipe.average > 0 ? WeightAverage(of: network, keeping: recipe.average) : nil
    description = SegmenterDescription(
      network: network.description, data: data, volumes: volumes, recipe: recipe,
      encoder: encoder?.digest ?? "")
    validator = Validator(data, table, recipe, device)
    try run.create()
    let saved = try Checkpoint(reading: run, continuing: description)
    records = try FinetuneLog(run, after: saved?.step ?? 0)
    if let saved { try takeUp(saved) }
  }

  /// Moves the weights by one batch and returns the loss.
  func learn(from batch: LabelledBatch) throws -> Double {
    let images = try batch.imageTensor(recipe, device)  // N×C×H×W
    let target = try Tensor(
      table.outputs(of: batch.labels), [batch.count, batch.height, batch.width], device: device)
    let isFrozen = groups.contains { step < $0.frozen }
    let outputs = withPrecision(recipe.precision, device) {
      network(images, .training, encoder: isFrozen ? .frozen : .learning)
    }
    let loss = deepLoss(outputs, target)
    let moving = groups.filter { step >= $0.frozen }
    for group in moving {
      group.optimizer.learningRate = group.factor * recipe.rate(step: step, frozen: group.frozen)
      group.optimizer.clearGradients()
    }
    loss.total.backward()
    if recipe.clip > 0 {
      try clipGradients(of: moving.flatMap(\.optimizer.parameters), to: recipe.clip)
    }
    for group in moving { group.optimizer.step() }
    average?.follow(network, step: step)
    return try add(loss, slices: batch.count)
  }

  /// The loss of the finest output and, where the recipe wants it, of the coarser ones, each with
  /// half the weight of the one before, weights summing to 1 (nnU-Net's deep supervision).
  private func deepLoss(_ outputs: [Tensor], _ target: Tensor) -> SegmentationLoss {
    var loss = segmentationLoss(outputs[0], target)
    guard recipe.deepSupervision, outputs.count > 1 else { return loss }
    var total = 1.0
    for (depth, output) in outputs.enumerated().dropFirst() {
      let factor = target.shape[1] / output.shape[2]
      let coarse = target.narrowed(axis: 1, 0..<target.shape[1], step: factor)
        .narrowed(axis: 2, 0..<target.shape[2], step: factor)  // N×H/f×W/f
      let weight = 1 / Double(1 << depth)
      let part = segmentationLoss(output, coarse)
      loss.dice = loss.dice + part.dice * weight
      loss.crossEntropy = loss.crossEntropy + part.crossEntropy * weight
      total += weight
    }
    return SegmentationLoss(dice: loss.dice / total, crossEntropy: loss.crossEntropy / total)
  }

  private func add(_ loss: SegmentationLoss, slices: Int) throws -> Double {
    let (dice, crossEntropy) = (try loss.dice.item(), try loss.crossEntropy.item())
    guard (dice + crossEntropy).isFinite else { throw SegmentationError.diverged(step: step) }
    sums.dice += dice
    sums.crossEntropy += crossEntropy
    sums.slices += slices
    sums.steps += 1
    step += 1
    return dice + crossEntropy
  }
}

// MARK: Log, validation, checkpoints

extension Finetuning {
  /// Writes a line of means since the last one.
  func log() throws {
    try records.append(sums.record(step: step, rate: recipe.rate(step: step)))
    sums = LossSums()
  }

  /// Whether the validation split should be scored after this step.
  var validationIsDue: Bool {
    step == recipe.steps || (recipe.validateEvery > 0 && step % recipe.validateEvery == 0)
  }

  /// Scores the validation split, keeps the state if it is to be kept, and saves the checkpoint.
  func validate() throws {
    let kept = average?.network ?? network
    let scores = try validator.scores(of: kept)
    if let scores {
      try records.append(
        FinetuneRecord(
          step: step, validationDice: scores.mean, validationClasses: scores.byClass))
    }
    let isBest = scores.map { $0.mean > best ?? -1 } ?? true
    if recipe.keep == .last ? step == recipe.steps : isBest {
      best = scores?.mean
      (description.step, description.validationDice) = (step, scores?.mean)
      let archive = SafeTensors(
        tensors: kept.store.tensors(), metadata: try description.metadata())
      try archive.write(to: run.segmenter)
    }
    try save()
    sums.start = .now
  }

  /// Writes the state that the run can go on from.
  func save() throws {
    var tensors = network.store.tensors(prefix: "network.")
    if let average {
      tensors.merge(average.network.store.tensors(prefix: "average.")) { a, _ in a }
    }
    for (index, group) in groups.enumerated() {
      for (name, tensor) in group.optimizer.state { tensors["optimizer.\(index).\(name)"] = tensor }
    }
    var now = description
    now.step = step
    var strings = try now.metadata()
    strings["best"] = best.map { String($0) }
    try SafeTensors(tensors: tensors, metadata: strings).write(to: run.checkpoint)
  }

  private func takeUp(_ saved: Checkpoint) throws {
    try network.store.load(saved.part("network."))
    try average?.network.store.load(saved.part("average."))
    for (index, group) in groups.enumerated() {
      try group.optimizer.load(saved.part("optimizer.\(index)."))
    }
    (step, best) = (saved.step, saved.best)
    description.validationDice = best
  }

  /// What the training has come to.
  var result: FinetuneResult {
    FinetuneResult(
      step: step, isFinished: step >= recipe.steps, volumes: description.volumes,
      validationDice: best, encoder: loaded)
  }
}

extension LabelledBatch {
  /// The images as the network takes them, N×C×H×W.
  func imageTensor(_ recipe: FinetuneRecipe, _ device: Device) throws(TorchError) -> Tensor {
    let images = try Tensor(self.images, [count, channels, height, width], device: device)
    return recipe.channelsLast ? images.contiguous(.channelsLast) : images
  }
}

/// Runs `body` in the type that convolutions shall be computed in.
func withPrecision<Result>(
  _ precision: FinetunePrecision, _ device: Device, _ body: () throws -> Result
) rethrows -> Result {
  switch precision {
  case .fp32: try body()
  case .bf16: try withAutocast(.bfloat16, on: device, body)
  }
}
