import Augment
import Torch

/// Low resolution and blur: both are linear along each axis, so that a view is S_down · image · S_acrossᵀ.
extension DeviceViews {
  /// Reduces the resolution of some views and blurs some, 2B×C×h×w, in place.
  func smoothed(_ images: Tensor) throws(TorchError) -> Tensor {
    try changing(images, where: { $0.intensity.blur > 0 || $0.intensity.lowResolution > 1 }) {
      (some, _, images) throws(TorchError) in
      let down = try smoother(some.map(\.intensity), side: height).unsqueezed(1)
      let across = try smoother(some.map(\.intensity), side: width).unsqueezed(1)
      return down.matmul(images).matmul(across.transposed)
    }
    return images
  }

  /// What becomes of a line of `side` pixels, n×side×side.
  private func smoother(_ some: [ViewIntensity], side: Int) throws(TorchError) -> Tensor {
    try blur(some, side: side).matmul(reduction(some, side: side))
  }

  /// Means over the blocks of a coarser line, then linearly between their centres.
  ///
  /// Whole quotients are floors of numbers half a step off, which no rounding takes to the next.
  private func reduction(_ some: [ViewIntensity], side: Int) throws(TorchError) -> Tensor {
    let counts = some.map { Float($0.lowResolution > 1 ? $0.coarse(side) : side) }
    let blocks = try Tensor(counts, [counts.count, 1], device: device)
    let (pixel, length) = (ramp(side), Double(side))
    let place = ((pixel + 0.5) * blocks / length - 0.5).clamped(min: 0).minimum(blocks - 1)
    let block = ((pixel * blocks + blocks - 0.5) / length).floor()  // the one that a pixel lies in
    func start(_ block: Tensor) -> Tensor { ((block * length + 0.5) / blocks).floor() }
    let size = start(block + 1) - start(block)  // n×side
    let near = 1 - (place.unsqueezed(2) - block.unsqueezed(1)).absolute()  // n×side×side
    return near.clamped(min: 0) / size.unsqueezed(1)
  }

  /// A Gaussian's weights, those beyond the line's ends at its ends.
  private func blur(_ some: [ViewIntensity], side: Int) throws(TorchError) -> Tensor {
    let halves = some.map { gaussian(sigma: $0.blur) }
    let reach = halves.map(\.count).max()! - 1
    let taps = halves.flatMap { half in
      (-reach...reach).map { abs($0) < half.count ? half[abs($0)] : 0 }
    }
    let weights = try Tensor(taps, [some.count, 2 * reach + 1], device: device)
    let step = Tensor.range(0..<2 * reach + 1, device: device).unsqueezed(1) - Double(reach)
    let seen = (step + .range(0..<side, device: device)).clamped(0...Double(side - 1))
    let places = seen.oneHot(side).to(.float32)  // tap×side×side
    return weights.matmul(places.reshaped([-1, side * side])).reshaped([-1, side, side])
  }
}
