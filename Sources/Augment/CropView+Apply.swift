import CropTypes

extension CropView {
  /// Makes the view's pixels: C×height×width real values in `output`.
  ///
  /// A pure function of view and slice, for one instruction level; levels differ by rounding. One
  /// pass over the view's rows: no image of the slice's size is made.
  public func apply(
    to slice: SlicePixels, into output: UnsafeMutableBufferPointer<Float>,
    level: InstructionLevel = .best
  ) {
    precondition(
      output.count == slice.channels * geometry.width * geometry.height,
      "output does not fit the view")
    withUnsafeTemporaryAllocation(of: ChannelTone.self, capacity: slice.channels) { tones in
      for channel in 0..<slice.channels {
        tones.initializeElement(at: channel, to: ChannelTone(intensity, slice, channel: channel))
      }
      withPlan(slice, UnsafePointer(tones.baseAddress!), output.baseAddress!) {
        level.makeView($0)
      }
    }
  }

  /// The view's pixels in a new array, C×height×width.
  public func applied(to slice: SlicePixels, level: InstructionLevel = .best) -> [Float] {
    let count = slice.channels * geometry.width * geometry.height
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      apply(to: slice, into: UnsafeMutableBufferPointer(rebasing: buffer[0..<count]), level: level)
      filled = count
    }
  }

  /// Lends the plan of the view's pixels. Nothing is allocated: lists are borrowed, the rest lies on the stack.
  private func withPlan(
    _ slice: SlicePixels, _ tones: UnsafePointer<ChannelTone>,
    _ output: UnsafeMutablePointer<Float>, _ body: (ViewPlan) -> Void
  ) {
    let reach = gaussianReach(sigma: intensity.blur)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: reach + 1) { taps in
      fillGaussian(sigma: intensity.blur, taps)
      (intensity.bias?.gains ?? []).withUnsafeBufferPointer { gains in
        geometry.withPlan(sliceWidth: slice.width, sliceHeight: slice.height) { plan in
          (plan.stored, plan.channels) = (slice.plane(0), slice.channels)
          (plan.tones, plan.output) = (tones, output)
          (plan.taps, plan.reach) = (UnsafePointer(taps.baseAddress!), reach)
          if intensity.lowResolution > 1 {
            plan.coarseWidth = intensity.coarse(geometry.width)
            plan.coarseHeight = intensity.coarse(geometry.height)
          }
          if let bias = intensity.bias {
            let spacing =
              SIMD2(Double(geometry.width), Double(geometry.height)) / Double(bias.cells)
            plan.bias = SplineGrid(
              controls: gains.baseAddress!, cells: bias.cells, spacing: spacing)
          }
          if let box = intensity.cutout { plan.cutout = box.cut(to: geometry) }
          withScratch(&plan, body)
        }
      }
    }
  }
}

extension LabelledCrop {
  /// Samples the label, H×W, into `output`, which holds the view's height × width pixels.
  public func apply(
    toLabel label: UnsafeBufferPointer<UInt8>, height: Int, width: Int,
    into output: UnsafeMutableBufferPointer<UInt8>, level: InstructionLevel = .best
  ) {
    let geometry = view.geometry
    precondition(label.count == height * width, "the label does not fit the slice's shape")
    precondition(output.count == geometry.width * geometry.height, "output does not fit the view")
    geometry.withPlan(sliceWidth: width, sliceHeight: height) { plan in
      withScratch(&plan) {
        level.makeLabels($0, from: label.baseAddress!, outside: outside, into: output.baseAddress!)
      }
    }
  }
}

extension ViewGeometry {
  /// Lends a plan that says where the view's pixels lie.
  fileprivate func withPlan(
    sliceWidth: Int, sliceHeight: Int, _ body: (inout ViewPlan) -> Void
  ) {
    var plan = ViewPlan(
      sliceWidth: sliceWidth, sliceHeight: sliceHeight, width: width, height: height)
    (plan.stepX, plan.stepY, plan.origin) = (affine.x, affine.y, affine.origin)
    guard let elastic else { return body(&plan) }
    elastic.x.withUnsafeBufferPointer { x in
      elastic.y.withUnsafeBufferPointer { y in
        plan.elasticX = SplineGrid(
          controls: x.baseAddress!, cells: elastic.cells, spacing: elastic.spacing)
        plan.elasticY = SplineGrid(
          controls: y.baseAddress!, cells: elastic.cells, spacing: elastic.spacing)
        body(&plan)
      }
    }
  }
}

private func withScratch(_ plan: inout ViewPlan, _ body: (ViewPlan) -> Void) {
  // Rows begin where a cache line does: a vector that lies across two costs two loads.
  let line = 64
  let size = plan.scratchCount * MemoryLayout<Float>.stride
  withUnsafeTemporaryAllocation(byteCount: size, alignment: line) { room in
    plan.scratch = room.bindMemory(to: Float.self).baseAddress!
    body(plan)
  }
}

extension ChannelTone {
  /// What a view's intensity changes come to in one channel of a slice.
  init(_ intensity: ViewIntensity, _ slice: SlicePixels, channel: Int) {
    self.init()
    let known = slice.statistics[channel]
    let span = known.maximum - known.minimum
    let contrast = Float(intensity.contrast)
    let shift = known.mean * (1 - contrast) + Float(intensity.brightness) * known.deviation
    if (intensity.gamma != 1 || intensity.bias != nil) && span > 0 {
      (usesUnit, gamma) = (true, Float(intensity.gamma))
      unitZero = ((known.minimum - slice.offset) / slice.scale).rounded()
      unitScale = slice.scale / span
      (scale, offset) = (span * contrast, known.minimum * contrast + shift)
    } else {
      (scale, offset) = (slice.scale * contrast, slice.offset * contrast + shift)
    }
    noise = Float(intensity.noise) * known.deviation
    rician = intensity.noiseKind == .rician
    (floor, mean) = (known.minimum, known.mean)
    seed = intensity.noiseSeed &+ UInt32(truncatingIfNeeded: channel) &* 0x9E37_79B9
  }
}

extension ViewIntensity {
  /// Pixels of a side at the reduced resolution.
  package func coarse(_ side: Int) -> Int { max(Int((Double(side) / lowResolution).rounded()), 1) }
}

extension ViewIntensity.Cutout {
  /// The part of the rectangle that lies in the view.
  fileprivate func cut(to geometry: ViewGeometry) -> Box {
    let (left, top) = (min(max(x, 0), geometry.width), min(max(y, 0), geometry.height))
    let right = min(max(x + width, left), geometry.width)
    let bottom = min(max(y + height, top), geometry.height)
    return Box(x: left, y: top, width: right - left, height: bottom - top)
  }
}

/// How far a Gaussian reaches: three sigmas, and 0 where there is none.
private func gaussianReach(sigma: Double) -> Int {
  sigma > 0 ? max(Int((3 * sigma).rounded(.up)), 1) : 0
}

/// Fills in the weights of a Gaussian at 0 … its reach, those at both sides summing to 1.
private func fillGaussian(sigma: Double, _ taps: UnsafeMutableBufferPointer<Float>) {
  func weight(_ k: Int) -> Double { k == 0 ? 1 : exponential(-Double(k * k) / (2 * sigma * sigma)) }
  var sum = 1.0
  for k in 1..<max(taps.count, 1) { sum += 2 * weight(k) }
  for k in taps.indices { taps.initializeElement(at: k, to: Float(weight(k) / sum)) }
}

/// The weights of a Gaussian at 0 … three sigmas, those at both sides summing to 1; 1 for none.
package func gaussian(sigma: Double) -> [Float] {
  [Float](unsafeUninitializedCapacity: gaussianReach(sigma: sigma) + 1) { taps, count in
    count = gaussianReach(sigma: sigma) + 1
    fillGaussian(sigma: sigma, UnsafeMutableBufferPointer(rebasing: taps[..<count]))
  }
}
