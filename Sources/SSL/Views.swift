import Loader
import Torch

/// A batch of crop pairs as tensors.
package struct Views {
  package let queries: Tensor  // B×C×S×S
  package let keys: Tensor  // B×C×S×S
  package let queryPoints: Tensor?  // B×(R·s)×s×2
  package let keyPoints: Tensor?  // B×(R·s)×s×2
  package let regions: Regions?
  package let tags: SliceTags
  /// What is random in this step, and nothing else, follows from it.
  package let seed: UInt64

  /// Slices, B.
  package var count: Int { queries.shape[0] }

  /// Which regions count against each other.
  package struct Regions {
    package let overlap: Tensor  // B×R×R, bool
    package let valid: Tensor  // B×R, bool
  }

  package init(_ batch: CropPairBatch, _ recipe: PretrainRecipe, device: Device) throws {
    let format: MemoryFormat = recipe.channelsLast ? .channelsLast : .contiguous
    let images = try Self.images(batch, device: device)
    (queries, keys) = (images.queries.contiguous(format), images.keys.contiguous(format))
    tags = try SliceTags(volumes: batch.volumes, positions: batch.positions, device: device)
    seed = recipe.seed &+ UInt64(batch.step) &* 0x9E37_79B9_7F4A_7C15
    guard recipe.contrastsRegions, let drawn = batch.regions else {
      (queryPoints, keyPoints, regions) = (nil, nil, nil)
      return
    }
    let grid = [batch.count, drawn.count * drawn.points, drawn.points, 2]
    queryPoints = try Tensor(drawn.queryPoints, grid, device: device)
    keyPoints = try Tensor(drawn.keyPoints, grid, device: device)
    let square = [batch.count, drawn.count, drawn.count]
    let pairs = try Tensor(drawn.valid, [batch.count, 1], device: device)
    regions = Regions(
      overlap: try Tensor(drawn.overlap, square, device: device) .!= 0,
      valid: (pairs .!= 0).expanded([batch.count, drawn.count]))
  }
}

extension Views {
  /// Both views of each slice, uploaded or made on the device.
  private static func images(
    _ batch: CropPairBatch, device: Device
  ) throws -> (queries: Tensor, keys: Tensor) {
    guard let slices = batch.stored else {
      let shape = [batch.count, batch.channels, batch.size, batch.size]
      return (
        try tensor(batch.queries, shape, device), try tensor(batch.keys, shape, device)
      )
    }
    let shape = [batch.count, batch.channels, slices.height, slices.width]
    let stored = try tensor(slices.pixels, shape, device)
    return try withoutGradients {
      try DeviceViews(of: stored, batch.pairs).made(scale: slices.scale, offset: slices.offset)
    }
  }
}

/// A copy of a batch's numbers on a device.
private func tensor<Number: TensorElement>(
  _ numbers: BatchNumbers<Number>, _ shape: [Int], _ device: Device
) throws(TorchError) -> Tensor {
  try numbers.withUnsafeBufferPointer { numbers throws(TorchError) in
    try Tensor(copying: numbers, shape, device: device)
  }
}

/// Where each of a permutation's numbers stands in it, int64.
func inverse(of permutation: Tensor) -> Tensor {
  permutation.top(permutation.count, axis: 0, largest: false).indices
}
