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
    let shape = [batch.count, batch.channels, batch.size, batch.size]
    let format: MemoryFormat = recipe.channelsLast ? .channelsLast : .contiguous
    queries = try Tensor(batch.queries, shape, device: device).contiguous(format)
    keys = try Tensor(batch.keys, shape, device: device).contiguous(format)
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

/// Where each of a permutation's numbers stands in it, int64.
func inverse(of permutation: Tensor) -> Tensor {
  permutation.top(permutation.count, axis: 0, largest: false).indices
}
