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
///   - progress: told before the first step and after every one.
///   - shouldStop: asked before every step; the run is then saved and can be continued.
/// - Throws: ``SegmentationError``, and what the loader and LibTorch throw.
public func finetune(
  _ data: LabelledSlices, recipe: FinetuneRecipe, from encoder: PretrainedEncoder?,
  into run: FinetuneRun, device: Device = .cpu,
  progress: (FinetuneProgress) -> Void = { _ in }, shouldStop: () -> Bool = { false }
) throws -> FinetuneResult {
  try recipe.validate()
  try LibTorch.load()
  LibTorch.use(threads: recipe.threads)
  let training = try Finetuning(data, recipe, encoder, run, device)
  let batches = try LabelledBatches(
    data.source, slices: data.source.slices(ofVolumes: training.volumes),
    recipe: recipe.augmentation, batchSize: recipe.batch, seed: recipe.seed,
    startStep: training.step)
  defer { batches.cancel() }
  progress(training.progress)
  while !training.isOver, !shouldStop() {
    try training.learn(from: batches.next())
    if training.step % 10 == 0 { try training.log() }
    if training.validationIsDue { try training.validate() }
    progress(training.progress)
  }
  try training.save()
  return training.result
}

/// Where a fine-tuning stands.
public struct FinetuneProgress: Sendable, Equatable {
  /// Optimiser steps made, and to make.
  public var step, steps: Int
  /// The mean loss of the newest line of the log; nil before there is one.
  public var loss: Double?
  /// Which tensors of the encoder were taken; nil in mode `scratch`.
  public var encoder: LoadReport?
}

/// What a fine-tuning came to.
public struct FinetuneResult: Sendable, Equatable {
  /// Optimiser steps made.
  public var step: Int
  /// Whether training is over; if not, the same call goes on from here.
  public var isFinished: Bool
  /// Whether it ended before the last step, since the validation split scored no better.
  public var hasStoppedEarly: Bool
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
  var step = 0
  let data: LabelledSlices
  let recipe: FinetuneRecipe
  let run: FinetuneRun
  let device: Device
  let table: ClassTable
  let network: SegmentationNetwork
  let loaded: LoadReport?
  let groups: [WeightGroup]
  let average: WeightAverage?
  var description: SegmenterDescription
  let validator: Validator
  let records: FinetuneLog
  var patience: Patience
  var losses = MeanLosses()
  var lastLoss: Double?

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
    let (height, width) = (data.source.height, data.source.width)
    try network.requireFit((height, width))
    try network.requireFit(
      recipe.augmentation.size(sliceHeight: height, sliceWidth: width))
    groups = network.groups(recipe, pretrained: Set(loaded?.matched ?? []))
    average = try recipe.average > 0 ? WeightAverage(of: network, keeping: recipe.average) : nil
    description = SegmenterDescription(
      network: network.description, data: data, volumes: volumes, recipe: recipe,
      encoder: encoder?.digest ?? "")
    validator = Validator(data, table, recipe, device)
    patience = Patience(limit: recipe.patience)
    guard recipe.patience == 0 || !validator.isEmpty else {
      throw SegmentationError.nothingToValidate
    }
    try run.create()
    let saved = try Checkpoint(reading: run, continuing: description)
    records = try FinetuneLog(run, after: saved?.step ?? 0)
    if let saved { try takeUp(saved) }
  }

  /// Moves the weights by one batch. Nothing is read: a GPU is only told what to do.
  func learn(from batch: LabelledBatch) throws {
    let images = try batch.imageTensor(recipe, device)  // N×C×H×W
    let target = try Tensor(
      table.outputs(of: batch.labels), [batch.count, batch.height, batch.width], device: device)
    let isFrozen = groups.contains { step < $0.frozen }
    let outputs = withPrecision(recipe.precision, device) {
      network(images, .training, encoder: isFrozen ? .frozen : .learning)
    }
    let loss = try deepLoss(outputs, target)
    let moving = groups.filter { step >= $0.frozen }
    for group in moving {
      group.optimizer.learningRate = group.factor * recipe.rate(step: step, frozen: group.frozen)
      group.optimizer.clearGradients()
    }
    loss.total.backward()
    if recipe.clip > 0 {
      clipGradients(of: moving.flatMap(\.optimizer.parameters), to: recipe.clip)
    }
    for group in moving { group.optimizer.step() }
    average?.follow(network, step: step)
    losses.add(loss, slices: batch.count)
    step += 1
  }

  /// The loss of the finest output and, where the recipe wants it, of the coarser ones, each with
  /// half the weight of the one before, weights summing to 1 (nnU-Net's deep supervision).
  private func deepLoss(_ outputs: [Tensor], _ target: Tensor) throws -> SegmentationLoss {
    var loss = segmentationLoss(outputs[0], target)
    guard recipe.deepSupervision, outputs.count > 1 else { return loss }
    var total = 1.0
    for (depth, output) in outputs.enumerated().dropFirst() {
      let coarse = try target.picked(height: output.shape[2], width: output.shape[3])
      let weight = 1 / Double(1 << depth)
      let part = segmentationLoss(output, coarse)
      loss.dice = loss.dice + part.dice * weight
      loss.crossEntropy = loss.crossEntropy + part.crossEntropy * weight
      total += weight
    }
    return SegmentationLoss(dice: loss.dice / total, crossEntropy: loss.crossEntropy / total)
  }
}

extension Tensor {
  /// Every so-manieth row and column of labels N×H×W, from the first: N×height×width.
  fileprivate func picked(height: Int, width: Int) throws(TorchError) -> Tensor {
    func places(_ count: Int, of all: Int) throws(TorchError) -> Tensor {
      try Tensor((0..<count).map { Int64($0 * all / count) }, [count], device: device)
    }
    return try selecting(axis: 1, places(height, of: shape[1]))
      .selecting(axis: 2, places(width, of: shape[2]))
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
