import CropTypes

/// Blurs a row across into `out`, its ends repeated. The row has room on both sides.
@inline(__always) func blurAcross(
  _ view: ViewPlan, _ line: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>
) {
  let (reach, width, count) = (view.reach, view.width, view.rowCount)
  let (first, last) = (line[0], line[width &- 1])
  var k = 1
  while k <= reach {
    line[0 &- k] = first
    k &+= 1
  }
  k = width
  while k < count &+ reach {
    line[k] = last
    k &+= 1
  }
  let taps = view.taps
  var i = 0
  while i < count {
    var sum = load(line, i) * taps[0]
    var k = 1
    while k <= reach {
      sum = fused(load(line, i &- k) + load(line, i &+ k), F16(repeating: taps[k]), sum)
      k &+= 1
    }
    store(sum, out, i)
    i &+= 16
  }
}

/// The ring's row `y` of a channel.
@inline(__always) func ringRow(
  _ view: ViewPlan, _ channel: Int, _ y: Int
) -> UnsafeMutablePointer<Float> {
  let inside = y < 0 ? 0 : y >= view.height ? view.height &- 1 : y
  return view.ring + (channel &* view.depth &+ inside % view.depth) &* view.rowCount
}

/// Blurs down to row `y` of a channel, of which the ring holds all rows within reach.
@inline(__always) func blurDown(
  _ view: ViewPlan, channel: Int, row y: Int, into out: UnsafeMutablePointer<Float>
) {
  let count = view.rowCount
  let middle = ringRow(view, channel, y)
  var i = 0
  while i < count {
    store(load(middle, i) * view.taps[0], out, i)
    i &+= 16
  }
  var k = 1
  while k <= view.reach {
    let above = ringRow(view, channel, y &- k)
    let below = ringRow(view, channel, y &+ k)
    let tap = F16(repeating: view.taps[k])
    i = 0
    while i < count {
      store(fused(load(above, i) + load(below, i), tap, load(out, i)), out, i)
      i &+= 16
    }
    k &+= 1
  }
}

/// Fills the plan's coarse image with the means of its blocks, one row of the view after another.
@inline(__always) func fillCoarse(_ view: ViewPlan) {
  let (columns, rows, stride) = (view.coarseWidth, view.coarseHeight, view.coarseStride)
  let total = view.channels &* rows &* stride
  var n = 0
  while n < total {
    view.coarse[n] = 0
    n &+= 1
  }
  var y = 0
  while y < view.height {
    placeRow(view, y)
    // A row may lie in two blocks where there are more blocks than rows; it cannot with a factor ≥ 1.
    let row = (y &* rows &+ rows &- 1) / view.height
    let (from, to) = (row &* view.height / rows, (row &+ 1) &* view.height / rows)
    var channel = 0
    while channel < view.channels {
      sampleRow(view, channel: channel, into: view.line)
      let target = view.coarse + (channel &* rows &+ row) &* stride
      addMeans(view.line, view.width, to: target, columns, weight: 1 / Float(to &- from))
      channel &+= 1
    }
    y &+= 1
  }
  placeColumns(view)
}

/// Adds the means of a row's blocks, and the last one once more for the neighbour of the last.
@inline(__always) private func addMeans(
  _ line: UnsafePointer<Float>, _ width: Int, to target: UnsafeMutablePointer<Float>,
  _ columns: Int, weight: Float
) {
  var column = 0
  var x = 0
  while column < columns {
    let end = (column &+ 1) &* width / columns
    let first = x
    var sum: Float = 0
    while x < end {
      sum += line[x]
      x &+= 1
    }
    target[column] += sum * weight / Float(end &- first)
    column &+= 1
  }
  target[columns] = target[columns &- 1]
}

/// For each column of the view, the coarse one before it and how far it lies beyond.
@inline(__always) private func placeColumns(_ view: ViewPlan) {
  let indices = UnsafeMutableRawPointer(view.coarseColumn)
  var x = 0
  while x < view.rowCount {
    let (cell, fraction) = neighbour(x, of: view.width, in: view.coarseWidth)
    indices.storeBytes(of: Int32(truncatingIfNeeded: cell), toByteOffset: x &* 4, as: Int32.self)
    view.coarseFraction[x] = fraction
    x &+= 1
  }
}

/// The coarse cell at or before pixel `i`, and how far towards the next one it lies.
@inline(__always) private func neighbour(_ i: Int, of count: Int, in cells: Int) -> (Int, Float) {
  let place = (Double(i) + 0.5) * Double(cells) / Double(count) - 0.5
  let last = Double(cells &- 1)
  let inside = place < 0 ? 0 : place > last ? last : place
  return (Int(inside), Float(inside - Double(Int(inside))))
}

/// Two neighbouring floats in one load: the left one in the lower half.
@inline(__always) private func pair(_ p: UnsafeRawPointer, _ index: Int32) -> UInt64 {
  p.loadUnaligned(fromByteOffset: Int(index) &* 4, as: UInt64.self)
}

/// A row of the view between the coarse image's pixels.
@inline(__always) func expandRow(
  _ view: ViewPlan, channel: Int, row y: Int, into out: UnsafeMutablePointer<Float>
) {
  let (rows, stride) = (view.coarseHeight, view.coarseStride)
  let (top, down) = neighbour(y, of: view.height, in: rows)
  let above = view.coarse + (channel &* rows &+ top) &* stride
  let below = top &+ 1 < rows ? above + stride : above
  let between = view.bend
  var i = 0
  while i < stride {
    let upper = load(above, i)
    store(fused(load(below, i) - upper, F16(repeating: down), upper), between, i)
    i &+= 16
  }
  let raw = UnsafeRawPointer(between)
  let columns = UnsafeRawPointer(view.coarseColumn)
  i = 0
  while i < view.rowCount {
    let k = columns.loadUnaligned(fromByteOffset: i &* 4, as: I16.self)
    let first = SIMD8<UInt64>(
      pair(raw, k[0]), pair(raw, k[1]), pair(raw, k[2]), pair(raw, k[3]), pair(raw, k[4]),
      pair(raw, k[5]), pair(raw, k[6]), pair(raw, k[7]))
    let second = SIMD8<UInt64>(
      pair(raw, k[8]), pair(raw, k[9]), pair(raw, k[10]), pair(raw, k[11]), pair(raw, k[12]),
      pair(raw, k[13]), pair(raw, k[14]), pair(raw, k[15]))
    let (a, b) = (unsafeBitCast(first, to: F16.self), unsafeBitCast(second, to: F16.self))
    let left = F16(lowHalf: a.evenHalf, highHalf: b.evenHalf)
    let right = F16(lowHalf: a.oddHalf, highHalf: b.oddHalf)
    store(fused(right - left, load(view.coarseFraction, i), left), out, i)
    i &+= 16
  }
}
