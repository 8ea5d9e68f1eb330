import Imaging

extension SliceGeometry {
  /// The source axis to cut across: the coarsest when it is more than 1.5 times the others, the
  /// plane in which the scanner acquired; else the one that runs along the body.
  static func axis(_ grid: Grid, plane: PlaneChoice) -> Int {
    func following(_ patientAxis: Int) -> Int {
      grid.affine.orientation.axes.firstIndex(of: patientAxis) ?? 2
    }
    switch plane {
    case .nativeX: return 0
    case .nativeY: return 1
    case .nativeZ: return 2
    case .sagittal: return following(0)
    case .coronal: return following(1)
    case .axial: return following(2)
    case .auto:
      let spacing = grid.affine.spacing
      let ordered = (0..<3).sorted { spacing[$0] > spacing[$1] }
      return spacing[ordered[0]] > 1.5 * spacing[ordered[1]] ? ordered[0] : following(2)
    }
  }

  /// Which source axes columns, rows and slices follow, and which are flipped.
  static func order(_ grid: Grid, plane: PlaneChoice) -> (axes: [Int], flips: [Bool]) {
    let axis = axis(grid, plane: plane)
    let orientation = grid.affine.orientation
    // Display order by the patient axis of the normal: where columns, rows and slices run.
    let shown: [(axis: Int, sign: Int)] =
      switch orientation.axes[axis] {
      case 2: [(0, 1), (1, 1), (2, 1)]
      case 1: [(0, 1), (2, -1), (1, 1)]
      default: [(1, 1), (2, -1), (0, 1)]
      }
    let axes = shown.map { orientation.axes.firstIndex(of: $0.axis) ?? 0 }
    let flips = zip(shown, axes).map { orientation.signs[$1] != $0.sign }
    return (axes, flips)
  }

  /// Pixels of the scaled slice, source voxels a pixel, and where the first pixel lies: the middle
  /// of the slice stays where it is.
  static func fit(
    _ turned: Grid, spacing: [Double]?
  ) -> (size: SIMD2<Int>, step: SIMD2<Double>, start: SIMD2<Double>) {
    let own = turned.affine.spacing
    let wanted = spacing.map { SIMD2($0[1], $0[0]) } ?? SIMD2(own.x, own.y)
    var (size, step, start) = (SIMD2<Int>.zero, SIMD2<Double>(1, 1), SIMD2<Double>.zero)
    for i in 0..<2 {
      let ratio = wanted[i] / own[i]
      // A spacing that differs by less than a hundredth of a pixel over the slice is kept.
      guard abs(ratio - 1) * Double(turned.size[i]) > 0.01 else {
        size[i] = turned.size[i]
        continue
      }
      step[i] = ratio
      let scaled = (Double(turned.size[i]) / ratio).rounded()
      size[i] = Int(min(max(scaled, 1), 1_048_576))
      start[i] = Double(turned.size[i] - 1) / 2 - Double(size[i] - 1) / 2 * ratio
    }
    return (size, step, start)
  }
}

extension PrepareRecipe {
  /// The canvas `[rows, columns]` for a cohort: the recipe's own, or the smallest multiples of 16
  /// that hold every slice of `grids`.
  public func canvas(for grids: some Sequence<Grid>) -> [Int] {
    if let canvas { return canvas }
    var largest = [16, 16]
    for grid in grids {
      let (axes, flips) = SliceGeometry.order(grid, plane: plane)
      let turned = grid.reordered(axes: axes, flips: flips)
      let size = SliceGeometry.fit(turned, spacing: spacing).size
      largest = [max(largest[0], size.y), max(largest[1], size.x)]
    }
    return largest.map { ($0 + 15) / 16 * 16 }
  }
}
