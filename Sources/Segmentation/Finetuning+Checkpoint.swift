import Foundation
import NN
import Torch

/// Everything that a fine-tuning can go on from: weights, optimisers, step, best score so far.
///
/// Tensors are `network.NAME`, `average.NAME` and `optimizer.I.NAME`; the strings are those of the
/// segmenter and of ``Patience``.
struct Checkpoint {
  let step: Int
  let validationDice: Double?
  let metadata: [String: String]
  let tensors: [String: Tensor]

  /// Reads the checkpoint of a run; nil when there is none.
  ///
  /// - Throws: ``SegmentationError/otherRun(path:)`` when it is that of another recipe, data set or
  ///   encoder.
  init?(reading run: FinetuneRun, continuing wanted: SegmenterDescription) throws {
    guard FileManager.default.fileExists(atPath: run.checkpoint) else { return nil }
    let archive = try SafeTensors(reading: run.checkpoint)
    let found = try SegmenterDescription(metadata: archive.metadata, path: run.checkpoint)
    var same = wanted
    (same.step, same.validationDice) = (found.step, found.validationDice)
    guard same == found else { throw SegmentationError.otherRun(path: run.path) }
    (step, validationDice) = (found.step, found.validationDice)
    (metadata, tensors) = (archive.metadata, archive.tensors)
  }

  /// The tensors whose names begin with `prefix`, without it.
  func part(_ prefix: String) -> [String: Tensor] {
    let own = tensors.filter { $0.key.hasPrefix(prefix) }
    return Dictionary(
      uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
  }
}

/// Sums over the steps since the last line of the log.
struct LossSums {
  var dice = 0.0
  var crossEntropy = 0.0
  var slices = 0
  var steps = 0
  var start = ContinuousClock.now

  func record(step: Int, rate: Double) -> FinetuneRecord {
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let count = Double(max(1, steps))
    return FinetuneRecord(
      step: step, loss: (dice + crossEntropy) / count, dice: dice / count,
      crossEntropy: crossEntropy / count, learningRate: rate,
      slicesPerSecond: elapsed > 0 ? Double(slices) / elapsed : nil)
  }
}
