import Torch

/// Means of a map over regions: B×C×H×W maps, read bilinearly at the B×(R·s)×s×2 points of R regions of s×s in −1…1 (the
/// outer edges of the corner pixels; a point outside counts as one on the edge), give B×C×R×1.
///
/// A bilinear weight is a product of two tents, one across and one down, so the weights of a region are a matrix
/// product of its points' tents, and all means of an image are a product of its map with them. A GPU does that at once,
/// where reading point by point leaves most of it idle, and adding derivatives point by point makes its threads wait for
/// one another.
package func regionMeans(of map: Tensor, at points: Tensor) -> Tensor {
  let (batch, channels, height, width) = (
    map.shape[0], map.shape[1], map.shape[2], map.shape[3]
  )
  let count = points.shape[2] * points.shape[2]
  let grids = points.reshaped([batch, -1, count, 2])  // B×R×s²×2
  let across = tents(grids.selected(axis: 3, 0), width)  // B×R×s²×W
  let down = tents(grids.selected(axis: 3, 1), height)  // B×R×s²×H
  let weights = down.transposed.matmul(across) / Double(count)  // B×R×H×W
  let flat = weights.reshaped([batch, -1, height * width]).transposed  // B×HW×R
  return map.reshaped([batch, channels, height * width]).matmul(flat).unsqueezed(3)
}

/// How much each of `side` pixels counts for places in −1…1: 1 at its centre, 0 a pixel away; one axis more.
private func tents(_ places: Tensor, _ side: Int) -> Tensor {
  let pixels = (((places + 1) * Double(side) - 1) / 2).clamped(0...Double(side - 1))
  let apart = pixels.unsqueezed(places.rank) - .range(0..<side, device: places.device)
  return (1 - apart.absolute()).clamped(min: 0)
}
