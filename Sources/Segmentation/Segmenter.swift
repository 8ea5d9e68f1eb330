import Foundation
import Imaging
import Models
import NN
import Prepare
import Torch

/// A trained segmenter, ready to predict: the network, and how a scan is prepared for it.
///
/// Not `Sendable`: use it on the thread that made it.
public final class Segmenter {
  /// What it is and where it comes from.
  public let description: SegmenterDescription
  private let network: SegmentationNetwork
  private let preparation: PrepareRecipe
  private let device: Device

  /// Reads `segmenter.safetensors` of a fine-tuning's run folder, or the archive named directly.
  ///
  /// - Throws: ``SegmentationError``, `TorchError`, `ModelsError` or `NNError` when it is missing, damaged or of
  ///   another kind.
  public init(run path: String, device: Device = .cpu, threads: Int = 0) throws {
    try LibTorch.load()
    LibTorch.use(threads: threads)
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = isFolder.boolValue ? FinetuneRun(path).segmenter : path
    guard FileManager.default.fileExists(atPath: file) else {
      throw SegmentationError.notASegmenter(path: path, reason: "there is no segmenter.safetensors")
    }
    let archive = try SafeTensors(reading: file)
    description = try SegmenterDescription(metadata: archive.metadata, path: file)
    let weights = try EncoderWeights(archive, path: file)  // checked before it is built
    preparation = try recipe(of: description.preparation, path: file)
    network = try SegmentationNetwork(
      description.network, device: device,
      format: description.recipe.channelsLast ? .channelsLast : .contiguous)
    try network.store.load(weights.tensors.merging(weights.rest) { own, _ in own })
    self.device = device
  }

  /// The mask of a scan, on the scan's own grid, every voxel of it decided.
  ///
  /// The scan is prepared as the training slices were, on a canvas that is enlarged where it would
  /// cut the scan off. Class scores, as the network gives them, are resampled to the source grid, where the largest
  /// wins: between two pixels a sure one counts for more than an unsure one, which a softmax before would level. Mirror images are
  /// averaged as scores too; both is what nnU-Net v2 does. Memory grows with a batch of slices and with the mask, not
  /// with all scores.
  ///
  /// - Parameters:
  ///   - volume: the scan.
  ///   - modality: its DICOM modality, which intensities are normalised by; empty where it is not
  ///     known, as in NIfTI, stands for that of the training scans.
  ///   - timePoint: which one, where the leading axis is time.
  ///   - mirrored: whether scores are averaged over the four mirror images of each slice; the recipe's choice where it
  ///     is not said.
  ///   - components: which parts of the mask stay; the recipe's choice where none is given.
  ///   - batch: slices at a time.
  ///   - name: what errors call the scan.
  ///   - shouldStop: asked before every batch; then `CancellationError` is thrown.
  public func predict(
    _ volume: Volume, modality: String, timePoint: Int = 0, mirrored: Bool? = nil,
    components: ComponentRecipe? = nil, batch: Int = 16, name: String = "",
    shouldStop: () -> Bool = { false }
  ) throws -> LabelMap {
    let prepared = try PreparedVolume(
      volume, modality: modality.isEmpty ? description.modality : modality, recipe: preparation,
      canvas: canvas(for: volume.grid),
      timePoint: timePoint, name: name)
    let expected = description.network.encoder.inputChannels
    guard prepared.channels == expected else {
      throw SegmentationError.channelsDiffer(expected: expected, found: prepared.channels)
    }
    let mirrored = mirrored ?? description.recipe.mirror
    var restoration = Restoration(prepared.geometry)
    for first in stride(from: 0, to: prepared.sliceCount, by: max(1, batch)) {
      if shouldStop() { throw CancellationError() }
      let slices = first..<min(first + max(1, batch), prepared.sliceCount)
      let scores = try scores(prepared, slices, mirrored: mirrored)
      let length = scores.count / slices.count
      for (item, slice) in slices.enumerated() {
        restoration.add(
          scores: Array(scores[item * length..<(item + 1) * length]), slice: slice)
      }
    }
    return (components ?? description.recipe.components).cleaned(labelled(restoration))
  }

  /// Rows and columns of a canvas that holds the whole scan and fits the network, no smaller than
  /// that of the training slices.
  private func canvas(for grid: Grid) -> [Int] {
    var free = preparation
    free.canvas = nil
    let own = free.canvas(for: [grid])
    let multiple = description.network.multiple
    return zip(own, preparation.canvas ?? [0, 0]).map { side, trained in
      (max(side, trained) + multiple - 1) / multiple * multiple
    }
  }

  /// Class scores of some slices, N×classes×H×W, from the values that a slice store would hold.
  private func scores(
    _ prepared: PreparedVolume, _ slices: Range<Int>, mirrored: Bool
  ) throws -> [Float] {
    let (scale, offset) = (Float(preparation.scaleFactor), Float(preparation.addOffset))
    let values = slices.flatMap { prepared.image(slice: $0).map { Float($0) * scale + offset } }
    let geometry = prepared.geometry
    let shape = [slices.count, prepared.channels, geometry.height, geometry.width]
    let images = try Tensor(values, shape, device: device)  // N×C×H×W
    return try withoutGradients {
      let flips: [[Int]] = mirrored ? [[], [2], [3], [2, 3]] : [[]]
      var sum: Tensor?
      for axes in flips {
        let found = scores(axes.isEmpty ? images : images.flipped(axes))
        let upright = axes.isEmpty ? found : found.flipped(axes)  // N×classes×H×W
        sum = sum.map { $0 + upright } ?? upright
      }
      return try sum.map { try ($0 / Double(flips.count)).contiguous().floats() } ?? []
    }
  }

  private func scores(_ images: Tensor) -> Tensor {
    let format = description.recipe.channelsLast ? MemoryFormat.channelsLast : .contiguous
    let scores = withPrecision(description.recipe.precision, device) {
      network(images.contiguous(format), .evaluation)[0]
    }
    return scores.to(.float32)  // N×classes×H×W
  }

  private func labelled(_ restoration: Restoration) -> LabelMap {
    var mask = restoration.labelMap(names: description.labelNames)
    let values = description.labels.map { UInt16($0) }
    mask.labels = mask.labels.map { values[Int($0)] }
    return mask
  }
}
