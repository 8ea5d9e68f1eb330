import CropTypes

/// Makes a view: one pass over its rows.
///
/// A row is placed in the slice, sampled, and its intensities are changed while it is at hand. A
/// blurred row waits in a ring until those within reach are there; a view of lower resolution is
/// sampled into its coarse pixels first.
@inline(never) public func makeView(_ view: ViewPlan) {
  let reduces = view.coarseWidth > 0
  if reduces { fillCoarse(view) }
  var y = 0
  while y < view.height &+ view.reach {
    if y < view.height {
      if !reduces { placeRow(view, y) }
      var channel = 0
      while channel < view.channels {
        if reduces {
          expandRow(view, channel: channel, row: y, into: view.line)
        } else {
          sampleRow(view, channel: channel, into: view.line)
        }
        if view.reach > 0 {
          blurAcross(view, view.line, into: ringRow(view, channel, y))
        } else {
          finishRow(view, channel, y)
        }
        channel &+= 1
      }
    }
    if view.reach > 0, y >= view.reach { finishBlurred(view, y &- view.reach) }
    y &+= 1
  }
}

@inline(__always) private func finishBlurred(_ view: ViewPlan, _ row: Int) {
  var channel = 0
  while channel < view.channels {
    blurDown(view, channel: channel, row: row, into: view.line)
    finishRow(view, channel, row)
    channel &+= 1
  }
}

/// Changes the intensities of the row at hand and puts it into the view.
@inline(__always) private func finishRow(_ view: ViewPlan, _ channel: Int, _ row: Int) {
  if view.bias.cells > 0 {
    splineRow(view.bias, row, view.bend, into: view.gains, count: view.rowCount)
  }
  changeRow(view, channel: channel, row: row, view.line)
  eraseRow(view.cutout, row: row, view.line, mean: view.tones[channel].mean)
  let out = view.output + (channel &* view.height &+ row) &* view.width
  let whole = view.width &- view.width % 16
  var x = 0
  while x < whole {
    store(load(view.line, x), out, x)
    x &+= 16
  }
  while x < view.width {
    out[x] = view.line[x]
    x &+= 1
  }
}

/// Makes the labels of a view from the nearest pixels, `outside` beyond the slice.
@inline(never) public func makeLabels(
  _ view: ViewPlan, from label: UnsafePointer<UInt8>, outside: UInt8,
  into out: UnsafeMutablePointer<UInt8>
) {
  let (width, height) = (view.sliceWidth, view.sliceHeight)
  let (right, bottom) = (Float(width) - 0.5, Float(height) - 0.5)
  var y = 0
  while y < view.height {
    placeRow(view, y)
    let target = out + y &* view.width
    var x = 0
    while x < view.width {
      let (u, v) = (view.rowX[x], view.rowY[x])
      let inside = u >= -0.5 && v >= -0.5 && u < right && v < bottom
      target[x] = inside ? label[Int(v + 0.5) &* width &+ Int(u + 0.5)] : outside
      x &+= 1
    }
    y &+= 1
  }
}

/// The least and the largest stored value, and their sums, of at least one pixel.
@inline(never) public func measure(_ stored: UnsafePointer<Int16>, count: Int) -> StoredSums {
  var (low, high) = (Int16.max, Int16.min)
  var (total, squares) = (Int64(0), Int64(0))
  var start = 0
  while start < count {
    let end = start &+ 4096 < count ? start &+ 4096 : count
    var (sum, lower, upper) = (Int32(0), UInt32(0), UInt32(0))
    var i = start
    while i < end {
      let value = stored[i]
      low = value < low ? value : low
      high = value > high ? value : high
      let wide = Int32(value)
      let square = UInt32(truncatingIfNeeded: wide &* wide)
      sum &+= wide
      lower &+= square & 0xFFFF
      upper &+= square &>> 16
      i &+= 1
    }
    total &+= Int64(sum)
    squares &+= Int64(lower) &+ Int64(upper) &<< 16
    start = end
  }
  return StoredSums(low: low, high: high, sum: total, squares: squares)
}
