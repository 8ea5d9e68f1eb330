import Augment
import Torch

/// Both views of every slice of a batch, made on the device where the slices are.
///
/// What a view is, ``CropView/apply(to:into:level:)`` defines; this is the same for whole batches: one read of
/// all slices at the points of all views, one product of matrices on either side for what is linear along an
/// axis (low resolution, blur), one chain of elementwise arithmetic. Drawn numbers go to the device, and no
/// pixel leaves it. Views agree with the kernel's within the rounding of single precision.
package struct DeviceViews {
  /// B×C×H×W stored values.
  let stored: Tensor
  /// 2B views: query and key of the first slice, of the second, …
  let views: [CropView]

  /// Views of stored slices, B×C×H×W of any type, a pair for each.
  ///
  /// All views must have one size, and their elastic and bias fields one number of cells, as those of one
  /// recipe have.
  package init(of stored: Tensor, _ pairs: [CropPair]) {
    require(
      stored.rank == 4 && stored.shape[0] == pairs.count,
      "\(pairs.count) pairs of \(stored); a pair is needed for each slice B×C×H×W")
    self.stored = stored.to(.float32)
    views = pairs.flatMap { [$0.query, $0.key] }
    require(
      views.allSatisfy { $0.geometry.width == width && $0.geometry.height == height },
      "views of one batch have one size")
  }

  var width: Int { views[0].geometry.width }
  var height: Int { views[0].geometry.height }
  var channels: Int { stored.shape[1] }
  var device: Device { stored.device }

  /// Makes them: real values, stored × scale + offset where nothing is changed, B×C×height×width.
  package func made(
    scale: Float, offset: Float
  ) throws(TorchError) -> (queries: Tensor, keys: Tensor) {
    let intensity = try ViewTones(self, scale: Double(scale), offset: Double(offset))
    let images = try intensity.applied(to: smoothed(sampled()))
    let pairs = images.reshaped([-1, 2, channels, height, width])
    return (pairs.selected(axis: 1, 0), pairs.selected(axis: 1, 1))
  }
}

extension DeviceViews {
  /// A number of each view, 2B×1×1×1.
  func column(_ value: (CropView) -> Double) throws(TorchError) -> Tensor {
    try Tensor(views.map { Float(value($0)) }, [views.count, 1, 1, 1], device: device)
  }

  /// Some views' images changed and put back; the others are left as they are. `change` is given the views,
  /// their places among the 2B, and their images.
  func changing(
    _ images: Tensor, where chosen: (CropView) -> Bool,
    _ change: ([CropView], Tensor, Tensor) throws(TorchError) -> Tensor
  ) throws(TorchError) {
    let places = views.indices.filter { chosen(views[$0]) }
    guard !places.isEmpty else { return }
    let index = try Tensor(places.map(Int64.init), [places.count], device: device)
    let changed = try change(places.map { views[$0] }, index, images.selecting(axis: 0, index))
    images.copy(from: changed, axis: 0, at: index)
  }

  /// The slices at the views' points, between pixels linearly, as at the edge beyond it: 2B×C×h×w.
  private func sampled() throws(TorchError) -> Tensor {
    // Two views of a slice are one of twice the height, so that no slice is copied.
    let (slices, pixels) = (stored.shape[0], [height, width])
    let grid = try points().reshaped([slices, 2 * height, width, 2])
    let read = stored.sampled(at: grid, outside: .border)  // B×C×2h×w
    return read.reshaped([slices, channels, 2] + pixels).permuted([0, 2, 1, 3, 4])
      .reshaped([2 * slices, channels] + pixels)
  }

  /// Where the pixels lie in the slice, in the coordinates of `grid_sample`, 2B×h×w×2.
  ///
  /// Its −1…1 is put into the affine map beforehand: numbers of a slice's size would round ten times as much.
  private func points() throws(TorchError) -> Tensor {
    let slice = SIMD2(Double(stored.shape[3]), Double(stored.shape[2]))
    func row(_ part: (PlanarAffine) -> Double) throws(TorchError) -> Tensor {
      try column { part($0.geometry.affine) }.squeezed(3)
    }
    var u = ramp(width).reshaped([1, 1, width])
    var v = ramp(height).reshaped([1, height, 1])
    if let bend = try displacements() { (u, v) = (u + bend.x, v + bend.y) }
    let x = try u * row { 2 * $0.x.x / slice.x } + v * row { 2 * $0.y.x / slice.x }
    let y = try u * row { 2 * $0.x.y / slice.y } + v * row { 2 * $0.y.y / slice.y }
    return .stacked(
      [
        try x + row { (2 * $0.origin.x + 1) / slice.x - 1 },
        try y + row { (2 * $0.origin.y + 1) / slice.y - 1 },
      ], axis: 3)
  }

  /// The elastic displacements in view pixels, 2B×h×w; nil when no view has any.
  private func displacements() throws(TorchError) -> (x: Tensor, y: Tensor)? {
    guard let cells = views.lazy.compactMap(\.geometry.elastic).first?.cells else { return nil }
    let none = [Float](repeating: 0, count: (cells + 3) * (cells + 3))
    return (
      try spline(cells, views.map { $0.geometry.elastic?.x ?? none }),
      try spline(cells, views.map { $0.geometry.elastic?.y ?? none })
    )
  }

  /// Splines of the given coefficients at all pixels, n×h×w: they are products of two matrices.
  func spline(_ cells: Int, _ controls: [[Float]]) throws(TorchError) -> Tensor {
    let side = cells + 3
    require(
      controls.allSatisfy { $0.count == side * side }, "fields of one batch have one grid")
    let down = try Tensor(splineBasis(cells: cells, side: height), [height, side], device: device)
    let across = try Tensor(splineBasis(cells: cells, side: width), [width, side], device: device)
    let all = try Tensor(controls.flatMap { $0 }, [controls.count, side, side], device: device)
    return down.matmul(all).matmul(across.transposed)
  }

  /// 0, 1, 2, …, float32.
  func ramp(_ count: Int) -> Tensor { .range(0..<count, device: device).to(.float32) }
}
