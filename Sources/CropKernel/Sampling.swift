import CropTypes

/// Two neighbouring stored pixels in one load: the left one in the lower half.
@inline(__always) private func pair(_ p: UnsafeRawPointer, _ index: Int32) -> UInt32 {
  p.loadUnaligned(fromByteOffset: Int(index) &* 2, as: UInt32.self)
}

/// Sixteen pairs of neighbours as floats.
@inline(__always) private func pairs(_ p: UnsafeRawPointer, _ k: I16) -> (left: F16, right: F16) {
  let both = U16(
    pair(p, k[0]), pair(p, k[1]), pair(p, k[2]), pair(p, k[3]), pair(p, k[4]), pair(p, k[5]),
    pair(p, k[6]), pair(p, k[7]), pair(p, k[8]), pair(p, k[9]), pair(p, k[10]), pair(p, k[11]),
    pair(p, k[12]), pair(p, k[13]), pair(p, k[14]), pair(p, k[15]))
  let left = (both & 0xFFFF) ^ 0x4B00_8000  // 2²³ + 2¹⁵ + value
  let right = (both &>> 16) ^ 0x4B00_8000
  return (
    unsafeBitCast(left, to: F16.self) - 8_421_376, unsafeBitCast(right, to: F16.self) - 8_421_376
  )
}

/// Samples one row bilinearly from a plane of 16-bit pixels, as at the edge beyond the edge.
@inline(__always) func sampleRow(
  _ view: ViewPlan, channel: Int, into out: UnsafeMutablePointer<Float>
) {
  let (width, height) = (view.sliceWidth, view.sliceHeight)
  let raw = UnsafeRawPointer(view.stored + channel &* width &* height)
  let below = raw + 2 &* width
  let (right, bottom) = (Float(width &- 1), Float(height &- 1))
  let stride = Int32(truncatingIfNeeded: width)
  let (xs, ys, count) = (view.rowX, view.rowY, view.rowCount)
  var i = 0
  while i < count {
    let x = clamped(load(xs, i), right)
    let y = clamped(load(ys, i), bottom)
    let (left, kx) = floored(x.replacing(with: right - 0.5, where: x .> right - 0.5))
    let (top, ky) = floored(y.replacing(with: bottom - 0.5, where: y .> bottom - 0.5))
    let (fx, fy) = (x - left, y - top)
    let index = ky &* stride &+ kx
    let (a, b) = pairs(raw, index)
    let (c, d) = pairs(below, index)
    let upper = fused(b - a, fx, a)
    let lower = fused(d - c, fx, c)
    store(fused(lower - upper, fy, upper), out, i)
    i &+= 16
  }
}

/// Fills the plan's ``CropTypes/ViewPlan/rowX`` and `rowY` with the slice points of one row.
@inline(__always) func placeRow(_ view: ViewPlan, _ row: Int) {
  let start = view.origin + view.stepY * Double(row)
  let (x0, y0) = (Float(start.x), Float(start.y))
  let (xx, xy) = (Float(view.stepX.x), Float(view.stepX.y))
  let (yx, yy) = (Float(view.stepY.x), Float(view.stepY.y))
  let (xs, ys, count) = (view.rowX, view.rowY, view.rowCount)
  let bends = view.elasticX.cells > 0
  if bends {
    splineRow(view.elasticX, row, view.bend, into: xs, count: count)
    splineRow(view.elasticY, row, view.bend, into: ys, count: count)
  }
  var u = F16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  var i = 0
  while i < count {
    if bends {
      let (du, v) = (u + load(xs, i), load(ys, i))
      store(fused(v, yx, x0) + du * xx, xs, i)
      store(fused(v, yy, y0) + du * xy, ys, i)
    } else {
      store(fused(u, xx, x0), xs, i)
      store(fused(u, xy, y0), ys, i)
    }
    u += 16
    i &+= 16
  }
}

/// The values of a spline along one row of pixels.
///
/// Blends the coefficients down to one row first; along that row, each cell is one cubic.
@inline(__always) func splineRow(
  _ grid: SplineGrid, _ row: Int, _ bend: UnsafeMutablePointer<Float>,
  into target: UnsafeMutablePointer<Float>, count: Int
) {
  let across = grid.cells &+ 3
  let last = Double(grid.cells)
  var place = (Double(row) + 0.5) / grid.spacing.y
  place = place < 0 ? 0 : place > last ? last : place
  let first = place >= last ? grid.cells &- 1 : Int(place)
  let t = place - Double(first)
  let (t2, t3, s) = (t * t, t * t * t, 1 - t)
  let (w0, w1) = (Float(s * s * s / 6), Float((3 * t3 - 6 * t2 + 4) / 6))
  let (w2, w3) = (Float((3 * (t + t2 - t3) + 1) / 6), Float(t3 / 6))
  let controls = grid.controls + first &* across
  var j = 0
  while j < across {
    bend[j] =
      w0 * controls[j] + w1 * controls[j &+ across] + w2 * controls[j &+ 2 &* across] + w3
      * controls[j &+ 3 &* across]
    j &+= 1
  }
  cubics(grid, bend, into: target, count: count)
}

@inline(__always) private func cubics(
  _ grid: SplineGrid, _ bend: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>,
  count: Int
) {
  let step = Float(1 / grid.spacing.x)
  let ahead = F16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  var i = 0
  var cell = 0
  while cell < grid.cells {
    let (p0, p1, p2, p3) = (bend[cell], bend[cell &+ 1], bend[cell &+ 2], bend[cell &+ 3])
    let c0 = (p0 + 4 * p1 + p2) * (1 / 6)
    let c1 = (p2 - p0) * 0.5
    let c2 = (p0 - 2 * p1 + p2) * 0.5
    let c3 = (p3 - p0 + 3 * (p1 - p2)) * (1 / 6)
    let edge = Int((Double(cell &+ 1) * grid.spacing.x + 0.5))  // the first pixel beyond the cell
    let end = cell == grid.cells &- 1 || edge > count ? count : edge
    let shift = 0.5 * step - Float(cell)
    // What is written beyond the cell the next one writes again; beyond the row there is room for it.
    var j = i
    while j < end {
      let t = fused(ahead + Float(j), step, shift)
      store(fused(t, fused(t, fused(t, c3, c2), c1), c0), target, j)
      j &+= 16
    }
    i = end > i ? end : i
    cell &+= 1
  }
}
