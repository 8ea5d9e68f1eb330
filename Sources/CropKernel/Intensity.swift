import CropTypes

/// Changes the intensities of one row in place: stored units in, real values out.
@inline(__always) func changeRow(
  _ view: ViewPlan, channel: Int, row: Int, _ line: UnsafeMutablePointer<Float>
) {
  let tone = view.tones[channel]
  let count = view.rowCount
  let biased = view.bias.cells > 0
  var i = 0
  while i < count {
    var v = load(line, i)
    if tone.usesUnit {
      v = (v - tone.unitZero) * tone.unitScale
      if tone.gamma != 1 { v = power(clamped(v, 1), tone.gamma) }
      if biased { v *= load(view.gains, i) }
    }
    store(fused(v, tone.scale, tone.offset), line, i)
    i &+= 16
  }
  guard tone.noise > 0 else { return }
  if tone.rician {
    addRician(tone, line, count: count, first: row &* count)
  } else {
    addGaussian(tone, line, count: count, first: row &* count)
  }
}

@inline(__always) private func counter(_ first: Int) -> U16 {
  U16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) &+ UInt32(truncatingIfNeeded: first)
}

/// Adds normal noise; both numbers of a draw are used, for pixels sixteen apart.
@inline(__always) private func addGaussian(
  _ tone: ChannelTone, _ line: UnsafeMutablePointer<Float>, count: Int, first: Int
) {
  let sigma = F16(repeating: tone.noise)
  var i = 0
  while i < count {
    let (n, m) = normals(tone.seed, counter(first &+ i))
    store(fused(n, sigma, load(line, i)), line, i)
    if i &+ 16 < count { store(fused(m, sigma, load(line, i &+ 16)), line, i &+ 16) }
    i &+= 32
  }
}

/// Replaces each value by the magnitude of a signal with normal noise in both parts.
@inline(__always) private func addRician(
  _ tone: ChannelTone, _ line: UnsafeMutablePointer<Float>, count: Int, first: Int
) {
  let sigma = F16(repeating: tone.noise)
  var i = 0
  while i < count {
    let (n, m) = normals(tone.seed, counter(first &+ i))
    let inPhase = fused(n, sigma, load(line, i) - tone.floor)
    let quadrature = m * sigma
    store(squareRoot(fused(inPhase, inPhase, quadrature * quadrature)) + tone.floor, line, i)
    i &+= 16
  }
}

/// Sets the part of a finished row that lies in the cutout to the channel's mean.
@inline(__always) func eraseRow(
  _ box: Box, row: Int, _ line: UnsafeMutablePointer<Float>, mean: Float
) {
  guard row >= box.y, row < box.y &+ box.height else { return }
  var x = box.x
  while x < box.x &+ box.width {
    line[x] = mean
    x &+= 1
  }
}
