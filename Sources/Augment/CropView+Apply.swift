extension CropView {
  /// Makes the view's pixels: C×height×width real values in `output`.
  ///
  /// A pure function of view and slice. The geometry is sampled once and intensities change on
  /// the way, row by row; only a blurred or coarsened view, whose pixels need their neighbours,
  /// goes over its own small image again. No image of the slice's size is made.
  public func apply(to slice: SlicePixels, into output: UnsafeMutableBufferPointer<Float>) {
    let count = geometry.width * geometry.height
    precondition(output.count == slice.channels * count, "output does not fit the view")
    withCoordinates(geometry) { rows in
      for y in 0..<geometry.height {
        rows.place(row: y)
        for channel in 0..<slice.channels {
          let plane = output.baseAddress! + channel * count
          sample(slice, channel, rows, row: y, into: plane)
        }
      }
    }
    for channel in 0..<slice.channels {
      let plane = UnsafeMutableBufferPointer(
        rebasing: output[channel * count..<(channel + 1) * count])
      if smooths { finish(plane, slice, channel) }
      if let box = intensity.cutout { erase(plane, box, slice.statistics[channel].mean) }
    }
  }

  /// The view's pixels in a new array, C×height×width.
  public func applied(to slice: SlicePixels) -> [Float] {
    let count = slice.channels * geometry.width * geometry.height
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      apply(to: slice, into: UnsafeMutableBufferPointer(rebasing: buffer[0..<count]))
      filled = count
    }
  }

  private var smooths: Bool { intensity.blur > 0 || intensity.lowResolution > 1 }

  /// One row of one channel: sampled and, unless neighbours are needed first, changed.
  private func sample(
    _ slice: SlicePixels, _ channel: Int, _ rows: RowCoordinates, row: Int,
    into plane: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count) { line in
      let start = line.baseAddress!
      sampleRow(
        slice.plane(channel), width: slice.width, height: slice.height, at: rows, into: start)
      if !smooths {
        changeRow(
          start, count: rows.count, first: row * geometry.width,
          IntensityConstants(intensity, slice, channel: channel))
      }
      (plane + row * geometry.width).update(from: start, count: geometry.width)
    }
  }

  /// Coarsens and blurs a sampled channel, then changes its intensities.
  private func finish(
    _ plane: UnsafeMutableBufferPointer<Float>, _ slice: SlicePixels, _ channel: Int
  ) {
    let (width, height) = (geometry.width, geometry.height)
    coarsen(plane, width: width, height: height, factor: intensity.lowResolution)
    blur(plane, width: width, height: height, sigma: intensity.blur)
    let constants = IntensityConstants(intensity, slice, channel: channel)
    let count = paddedWidth(width)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { line in
      line.initialize(repeating: 0)
      for y in 0..<height {
        let row = plane.baseAddress! + y * width
        line.baseAddress!.update(from: row, count: width)
        changeRow(line.baseAddress!, count: count, first: y * width, constants)
        row.update(from: line.baseAddress!, count: width)
      }
    }
  }

  private func erase(
    _ plane: UnsafeMutableBufferPointer<Float>, _ box: ViewIntensity.Cutout, _ value: Float
  ) {
    for y in box.y..<min(box.y + box.height, geometry.height) {
      let start = y * geometry.width
      let columns = start + box.x..<start + min(box.x + box.width, geometry.width)
      plane[columns].update(repeating: value)
    }
  }
}
