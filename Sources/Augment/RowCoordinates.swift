/// The slice coordinates of one row of a view at a time, in single precision.
///
/// Rows are padded to whole vectors of 16; what the padding holds is of no account.
struct RowCoordinates {
  /// Slice columns of the row's pixels.
  let x: UnsafeMutablePointer<Float>
  /// Slice rows of the row's pixels.
  let y: UnsafeMutablePointer<Float>
  /// Pixels of the row, padded.
  let count: Int
  private let geometry: ViewGeometry
  private let bends: UnsafeMutablePointer<Float>

  fileprivate init(_ geometry: ViewGeometry, _ storage: UnsafeMutablePointer<Float>) {
    self.geometry = geometry
    count = paddedWidth(geometry.width)
    (x, y, bends) = (storage, storage + count, storage + 2 * count)
  }

  /// Fills ``x`` and ``y`` for one row of the view.
  func place(row: Int) {
    let affine = geometry.affine
    let start = affine([0, Double(row)])
    if let elastic = geometry.elastic {
      displace(elastic, row: row)
      let (xx, xy) = (Float(affine.x.x), Float(affine.x.y))
      let (yx, yy) = (Float(affine.y.x), Float(affine.y.y))
      let (x0, y0) = (Float(start.x), Float(start.y))
      var i = 0
      while i < count {
        let (u, v) = (Float(i) + x[i], y[i])
        x[i] = x0 + xx * u + yx * v
        y[i] = y0 + xy * u + yy * v
        i &+= 1
      }
    } else {
      ramp(x, from: Float(start.x), step: Float(affine.x.x))
      ramp(y, from: Float(start.y), step: Float(affine.x.y))
    }
  }

  private func ramp(_ target: UnsafeMutablePointer<Float>, from start: Float, step: Float) {
    var i = 0
    while i < count {
      target[i] = start + step * Float(i)
      i &+= 1
    }
  }

  /// Puts the row's elastic displacements into ``x`` and ``y``.
  ///
  /// Blends the control grid down to one row first; along that row, each cell is one cubic.
  private func displace(_ field: ElasticField, row: Int) {
    let across = field.cells + 3
    let (first, fraction) = field.place(Double(row), field.spacing.y)
    let weights = ElasticField.weights(fraction)
    for (controls, target) in [(field.x, x), (field.y, y)] {
      for j in 0..<across {
        var sum = 0.0
        for k in 0..<4 { sum += weights[k] * Double(controls[(first + k) * across + j]) }
        bends[j] = Float(sum)
      }
      cubics(cells: field.cells, spacing: field.spacing.x, into: target)
    }
  }

  private func cubics(cells: Int, spacing: Double, into target: UnsafeMutablePointer<Float>) {
    let step = Float(1 / spacing)
    var i = 0
    for cell in 0..<cells {
      let (p0, p1, p2, p3) = (bends[cell], bends[cell + 1], bends[cell + 2], bends[cell + 3])
      let c0 = (p0 + 4 * p1 + p2) / 6
      let c1 = (p2 - p0) / 2
      let c2 = (p0 - 2 * p1 + p2) / 2
      let c3 = (p3 - p0 + 3 * (p1 - p2)) / 6
      let last = cell == cells - 1
      let end = last ? count : min(Int((Double(cell + 1) * spacing - 0.5).rounded(.up)), count)
      while i < end {
        let t = (Float(i) + 0.5) * step - Float(cell)
        target[i] = c0 + t * (c1 + t * (c2 + t * c3))
        i &+= 1
      }
    }
  }
}

/// The width of a row in whole vectors of 16 pixels.
func paddedWidth(_ width: Int) -> Int { (width + 15) / 16 * 16 }

/// Lends the coordinates of a view's rows; nothing that has the slice's size is allocated.
func withCoordinates<Result>(
  _ geometry: ViewGeometry, _ body: (RowCoordinates) throws -> Result
) rethrows -> Result {
  let controls = (geometry.elastic?.cells ?? 0) + 3
  return try withUnsafeTemporaryAllocation(
    of: Float.self, capacity: 2 * paddedWidth(geometry.width) + controls
  ) { storage in
    storage.initialize(repeating: 0)
    return try body(RowCoordinates(geometry, storage.baseAddress!))
  }
}
