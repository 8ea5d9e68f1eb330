import Foundation
import Loader
import NN
import Torch

/// Slices to learn from: those of the training split, and what they are.
public struct PretrainData: Sendable {
  /// Where slices come from.
  public var source: any SliceSource
  /// Which of them, as ordinals of the source: the training split and no others.
  public var slices: SliceSelection
  /// The recipe that prepared them, as JSON: what is predicted later is prepared alike.
  public var preprocessing: String
  /// A name for what the source holds: equal data, equal names.
  public var digest: String

  /// Slices to learn from.
  public init(
    _ source: any SliceSource, slices: SliceSelection, preprocessing: String = "{}",
    digest: String = ""
  ) {
    (self.source, self.slices) = (source, slices)
    (self.preprocessing, self.digest) = (preprocessing, digest)
  }

  /// As a checkpoint names them: how many slices, and a hash of which (FNV-1a).
  var name: CheckpointHeader.DataName {
    let hash = slices.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    let text = "\(slices.count) " + String(hash, radix: 16)
    return .init(preprocessing: preprocessing, digest: digest, slices: text)
  }
}

/// How a run ended.
public struct PretrainResult: Codable, Sendable, Equatable {
  /// Steps that have been made.
  public var step: Int
  /// Whether that is all of them.
  public var isComplete: Bool
  /// The last line of the log.
  public var last: PretrainRecord?
  /// Whether the features have collapsed, in words; nil when no spectrum was asked for.
  public var verdict: String?
  /// What the user should know: a run that goes on with other threads repeats within rounding only.
  public var notes: [String]
}

/// Pretrains an encoder on unlabelled slices, into a run folder.
///
/// - Parameters:
///   - data: the slices of the training split.
///   - recipe: what to do; automatic settings are put into numbers first.
///   - path: the run folder; made when it is not there.
///   - resume: goes on from the newest checkpoint in the folder, if there is one. A complete run is
///     returned as it is.
///   - recipeText: what is saved as `recipe.yaml`.
///   - shouldStop: asked before each step; a run that is stopped leaves a checkpoint.
///   - progress: told before the first batch and after each how many of them are done, and a line of the log.
/// - Throws: ``PretrainError``, the loader's and LibTorch's errors, and those of the file system.
@discardableResult
public func pretrain(
  _ data: PretrainData, recipe: PretrainRecipe, into path: String, resume: Bool = false,
  recipeText: String = "", device: Device = .cpu, shouldStop: () -> Bool = { false },
  progress: (PretrainProgress) -> Void = { _ in }
) throws -> PretrainResult {
  var run = try PretrainRun(data, recipe, RunFolder(path), resume: resume, device: device)
  if let done = run.finished { return done }
  try run.begin(recipeText)
  progress(run.progress)
  while run.method.step < run.recipe.steps && !shouldStop() {
    let batch = try run.batches.next()
    if run.method.isFilling {
      try run.fill(batch)
    } else {
      run.method.optimiser.learningRate = run.recipe.learningRate(step: run.method.step)
      let cost = try run.method.step(batch)
      run.meter.add(cost, images: batch.count)
      if run.isDue(run.recipe.logEvery) { try run.log() }
      if run.isDue(run.recipe.saveEvery) { try run.save() }
    }
    progress(run.progress)
  }
  return try run.end()
}

/// How far a run is.
public struct PretrainProgress: Sendable, Equatable {
  /// Batches done, those that fill the queue included.
  public var batches: Int
  /// Batches of the whole run.
  public var of: Int
  /// The newest line of the log.
  public var record: PretrainRecord?
  /// What the user should know from the start: what the encoder was started from, what has changed.
  public var notes: [String]
}
