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

/// Means over the steps since the last line of the log, on their device until they are read.
struct MeanLosses {
  private var means = RunningMeans()
  private var slices = 0
  var start = ContinuousClock.now

  mutating func add(_ loss: SegmentationLoss, slices count: Int) {
    means.add([loss.dice, loss.crossEntropy])
    slices += count
  }

  /// - Throws: ``SegmentationError/diverged(step:)`` when the loss of one of them was no number.
  func record(step: Int, rate: Double) throws -> FinetuneRecord {
    let found = try means.read()
    guard found.count == 2, found.allSatisfy(\.isFinite) else {
      throw SegmentationError.diverged(step: step)
    }
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    return FinetuneRecord(
      step: step, loss: found[0] + found[1], dice: found[0], crossEntropy: found[1],
      learningRate: rate, slicesPerSecond: elapsed > 0 ? Double(slices) / elapsed : nil)
  }
}
