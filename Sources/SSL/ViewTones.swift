import Augment
import Torch

/// What happens to the intensities of views on a device: gamma, bias field, contrast and brightness, noise,
/// cutout, in terms of each slice's own statistics.
struct ViewTones {
  private let batch: DeviceViews
  /// Of each view's slice, real values, 2B×C×1×1.
  private let minimum, span, mean, deviation: Tensor
  /// The stored value of the minimum, and the factor from there to 0…1; 0 where all pixels are equal.
  private let zero, unit: Tensor

  /// Measures the slices; real values are stored × scale + offset.
  init(_ batch: DeviceViews, scale: Double, offset: Double) throws(TorchError) {
    self.batch = batch
    let (pixels, axes) = (batch.stored, [2, 3])
    let exact = pixels.to(.float64)
    func real(_ stored: Tensor) -> Tensor { stored.to(.float64) * scale + offset }
    /// B×C×1×1 of each slice, twice.
    func twice(_ values: Tensor) -> Tensor {
      let all = [values.shape[0], 2, batch.channels, 1, 1]
      return values.to(.float32).unsqueezed(1).expanded(all)
        .reshaped([all[0] * 2, batch.channels, 1, 1])
    }
    let ends = (pixels.smallest(axes: axes, keep: true), pixels.largest(axes: axes, keep: true))
    let (low, high) = scale < 0 ? (ends.1, ends.0) : ends
    let range = real(high) - real(low)
    (minimum, span, zero) = (twice(real(low)), twice(range), twice(low))
    unit = twice((scale / range).filled(0, where: range .== 0))
    mean = twice(real(exact.mean(axes: axes, keep: true)))
    deviation = twice(exact.variance(axes: axes, keep: true).squareRoot() * abs(scale))
  }

  /// Real values of sampled stored ones, 2B×C×h×w.
  func applied(to images: Tensor) throws(TorchError) -> Tensor {
    let views = batch.views
    var v = ((images - zero) * unit).clamped(0...1)
    if views.contains(where: { $0.intensity.gamma != 1 }) {
      v = v.power(try batch.column(\.intensity.gamma))
    }
    if let gains = try gains() { v = v * gains }
    let contrast = try batch.column(\.intensity.contrast)
    let shift = try mean * (1 - contrast) + deviation * batch.column(\.intensity.brightness)
    v = v * (span * contrast) + (minimum * contrast + shift)
    try addNoise(to: v)
    return try erased(v)
  }

  /// The bias fields, 2B×1×h×w; nil when no view has one.
  private func gains() throws(TorchError) -> Tensor? {
    guard let cells = batch.views.lazy.compactMap(\.intensity.bias).first?.cells else { return nil }
    let none = [Float](repeating: 1, count: (cells + 3) * (cells + 3))
    return try batch.spline(cells, batch.views.map { $0.intensity.bias?.gains ?? none })
      .unsqueezed(1)
  }

  private func addNoise(to images: Tensor) throws(TorchError) {
    for kind in NoiseKind.allCases {
      func has(_ view: CropView) -> Bool {
        view.intensity.noise > 0 && view.intensity.noiseKind == kind
      }
      try batch.changing(images, where: has) { (views, index, images) throws(TorchError) in
        let share = try Tensor(
          views.map { Float($0.intensity.noise) }, [views.count, 1, 1, 1], device: batch.device)
        let sigma = share * deviation.selecting(axis: 0, index)
        let noise = try DrawnNoise(views.map(\.intensity.noiseSeed), like: images)
        switch kind {
        case .gaussian: return images + noise.gaussian() * sigma
        case .rician:
          let floor = minimum.selecting(axis: 0, index)
          let (n, m) = noise.both()
          return ((images - floor + n * sigma).squared() + (m * sigma).squared()).squareRoot()
            + floor
        }
      }
    }
  }

  /// A rectangle of some views set to the slice's mean.
  private func erased(_ images: Tensor) throws(TorchError) -> Tensor {
    guard batch.views.contains(where: { $0.intensity.cutout != nil }) else { return images }
    func inside(
      _ places: Tensor, _ range: (ViewIntensity.Cutout) -> Range<Int>
    ) throws(TorchError) -> Tensor {
      let first = try batch.column { Double($0.intensity.cutout.map { range($0).lowerBound } ?? 0) }
      let end = try batch.column { Double($0.intensity.cutout.map { range($0).upperBound } ?? 0) }
      return (places .>= first) .& (places .< end)
    }
    let column = try inside(batch.ramp(batch.width).reshaped([1, 1, 1, -1])) {
      $0.x..<$0.x + $0.width
    }
    let row = try inside(batch.ramp(batch.height).reshaped([1, 1, -1, 1])) {
      $0.y..<$0.y + $0.height
    }
    return .choosing(mean, where: row .& column, else: images)
  }
}

/// The crop kernel's noise on a device: the same bits of the same counters, so nothing is uploaded.
struct DrawnNoise {
  private let seeds: Tensor  // n×C×1×1, int64 that hold 32 bits
  private let height, width: Int
  private static let mask = 0xFFFF_FFFF

  /// For n images n×C×h×w, a seed each.
  init(_ seeds: [UInt32], like images: Tensor) throws(TorchError) {
    let shape = images.shape
    let all = seeds.flatMap { seed in
      (0..<shape[1]).map { Int64(seed &+ UInt32($0) &* 0x9E37_79B9) }
    }
    self.seeds = try Tensor(all, [shape[0], shape[1], 1, 1], device: images.device)
    (height, width) = (shape[2], shape[3])
  }

  /// Two independent normal numbers for each pixel, n×C×h×w.
  func both() -> (Tensor, Tensor) { normals(columns(width)) }

  /// One normal number for each pixel: of every counter both, for pixels sixteen apart.
  func gaussian() -> Tensor {
    let blocks = (width + 31) / 32
    let first = Tensor.range(0..<blocks, device: seeds.device).unsqueezed(1) * 32
    let counters = (first + columns(16)).reshaped([-1])  // the first half of each 32
    let (n, m) = normals(counters)
    let halves = [n, m].map { $0.reshaped($0.shape.dropLast() + [blocks, 1, 16]) }
    let whole = Tensor.concatenated(halves, axis: 4).reshaped(n.shape.dropLast() + [32 * blocks])
    return whole.narrowed(axis: 3, 0..<width)
  }

  private func columns(_ count: Int) -> Tensor { .range(0..<count, device: seeds.device) }

  /// Box and Muller's numbers for the pixels of some columns.
  private func normals(_ columns: Tensor) -> (Tensor, Tensor) {
    let rows = Tensor.range(0..<height, device: seeds.device).unsqueezed(1)
    let counters = rows * Double((width + 15) / 16 * 16) + columns  // h×columns
    let first = scrambled(scrambled(counters) ^ seeds)
    let second = scrambled((first + Double(0x9E37_79B9)) & Self.mask)
    let radius = ((unit(first) + 0x1p-24).logarithm() * -2).squareRoot()
    let angle = (unit(second) - 0.5) * (2 * .pi)
    return (radius * angle.cosine(), radius * angle.sine())
  }

  /// Thirty-two bits that look random (Wellons' `lowbias32`); factors so that no product leaves 64 bits.
  private func scrambled(_ counter: Tensor) -> Tensor {
    var h = counter ^ (counter >> 16)
    h = (h * Double(0x7FEB_352D)) & Self.mask
    h = h ^ (h >> 15)
    h = (h * Double(0x846C_A68B - 0x1_0000_0000)) & Self.mask
    return h ^ (h >> 16)
  }

  /// Bits as a number in [0, 1), 23 of them.
  private func unit(_ bits: Tensor) -> Tensor { (bits >> 9).to(.float32) * 0x1p-23 }
}
