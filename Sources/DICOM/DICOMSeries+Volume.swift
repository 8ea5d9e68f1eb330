import Imaging

extension Stack {
  /// The series of a stack that is a volume.
  func series(
    uid: String, part: String, _ geometry: StackGeometry, policy: DICOMSeries.Policy
  ) -> DICOMSeries {
    var firsts: [Member] = []  // of each file
    var slices: [[Int]] = []
    var files: [String: Int] = [:]
    let members = geometry.order.count / geometry.leading.count
    for (place, member) in geometry.order.enumerated() {
      let slice = place / members * geometry.grid.size.z + place % members
      let path = member.header.path
      if files[path] == nil {
        files[path] = firsts.count
        firsts.append(member)
        slices.append([Int](repeating: -1, count: member.header.planes.count))
      }
      if let file = files[path] { slices[file][member.plane.index] = slice }
    }
    let order = firsts.indices.sorted { a, b in
      (firsts[a].header.identity.sopInstanceUID ?? "", firsts[a].header.path)
        < (firsts[b].header.identity.sopInstanceUID ?? "", firsts[b].header.path)
    }
    let (scaling, flags) = quantity(geometry, policy)
    return DICOMSeries(
      seriesUID: uid, part: part, headers: order.map { firsts[$0].header },
      slices: order.map { slices[$0] }, blends: geometry.blends, grid: geometry.grid,
      leading: geometry.leading, scaling: scaling, flags: flags,
      echoTime: geometry.order.first?.plane.echoTime)
  }

  /// Real values as the policy wants them, and the flags of the volume.
  private func quantity(
    _ geometry: StackGeometry, _ policy: DICOMSeries.Policy
  ) -> (Scaling, flags: [String]) {
    let scaling = scaling(geometry)
    let images = geometry.order
    guard policy.uptake, images[0].header.acquisition.modality == "PT" else {
      return (scaling, geometry.flags)
    }
    guard let factor = images[0].header.uptakeFactor,
      images.allSatisfy({ $0.header.uptakeFactor == factor })
    else { return (scaling, geometry.flags + ["no-suv"]) }
    return (scaling.times(factor), geometry.flags + [DICOMSeries.uptake])
  }

  /// From stored values to real ones: Philips' own where one scale slope holds for all slices, else
  /// Rescale Slope and Intercept, which dcm2niix turns to as well where they differ.
  private func scaling(_ geometry: StackGeometry) -> Scaling {
    let planes = geometry.order.map(\.plane)
    let first = planes[0]
    let isUniform = planes.allSatisfy {
      ($0.slope, $0.intercept) == (first.slope, first.intercept)
        && $0.scaleSlope == first.scaleSlope
    }
    if isUniform {
      let (slope, intercept) = first.precise ?? (first.slope, first.intercept)
      return Scaling.uniform(slope: slope, intercept: intercept).simplified
    }
    let (slopes, intercepts) = (planes.map(\.slope), planes.map(\.intercept))
    let all = geometry.blends.map { blends in
      Scaling.perSlice(
        slope: blends.map { $0.slope(slopes) }, intercept: blends.map { intercepts[$0.low] })
    }
    return (all ?? .perSlice(slope: slopes, intercept: intercepts)).simplified
  }
}

extension DICOMHeader.Plane {
  /// Philips' precise value: stored / SS + RI / (RS × SS) (Chenevert et al. 2014,
  /// doi 10.1593/tlo.13811), in single precision from two values, as dcm2niix works it out.
  fileprivate var precise: (slope: Double, intercept: Double)? {
    guard let scaleSlope else { return nil }
    let (rescale, offset, scale) = (Float(slope), Float(intercept), Float(scaleSlope))
    let (zero, one) = (offset / (rescale * scale), (rescale + offset) / (rescale * scale))
    guard zero.isFinite, one.isFinite, zero != one else { return nil }
    return (Double(one - zero), Double(zero))
  }
}

extension DICOMSeries {
  /// Decodes the whole series.
  ///
  /// Throws ``DICOMError`` naming the first file that cannot be decoded.
  public func volume(limits: DICOMFile.Limits = .init()) throws(DICOMError) -> Volume {
    let decoder = try SeriesDecoder(self, limits: limits)
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var failure: DICOMError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(DICOMError) {
        try decoder.decode(0..<shape.sliceCount, into: buffer)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return Volume(shape, bytes: bytes)
  }

  /// Decodes those planes of one file, `headers[file]`, that are in the window.
  func decode(file: Int, _ opened: DICOMFile, into window: SliceWindow) throws(DICOMError) {
    guard let format = headers[file].pixels else { throw .changed(path: headers[file].path) }
    if let tiling = headers[file].tiling {
      try decodeTiles(opened, format, tiling, slices: slices[file], into: window)
      return
    }
    for (frame, slice) in slices[file].enumerated() where slice >= 0 {
      if format.isColor {
        try decodeColor(opened, format, frame: frame, slice: slice, into: window)
        continue
      }
      guard let target = window[slice] else { continue }
      try opened.decode(frame: frame, format: format, into: target)
    }
  }

  /// One frame to its channels; those outside the window are decoded to nowhere.
  private func decodeColor(
    _ opened: DICOMFile, _ format: PixelFormat, frame: Int, slice: Int, into window: SliceWindow
  ) throws(DICOMError) {
    let channels = (0..<color.channels).map { window[slice + $0 * grid.size.z] }
    guard channels.contains(where: { $0 != nil }) else { return }
    let nowhere = UnsafeMutableRawBufferPointer.allocate(
      byteCount: window.sliceBytes, alignment: 16)
    defer { nowhere.deallocate() }
    try opened.decodeColor(
      frame: frame, format: format, policy: color, into: channels.map { $0 ?? nowhere })
  }

  /// Takes a mosaic apart: the tiles lie row by row.
  private func decodeTiles(
    _ opened: DICOMFile, _ format: PixelFormat, _ tiling: SIMD2<Int>, slices: [Int],
    into window: SliceWindow
  ) throws(DICOMError) {
    let sheet = UnsafeMutableRawBufferPointer.allocate(byteCount: format.frameBytes, alignment: 16)
    defer { sheet.deallocate() }
    try opened.decode(frame: 0, format: format, into: sheet)
    let width = format.type.size
    let (rows, rowBytes) = (format.rows / tiling.y, format.columns / tiling.x * width)
    for (tile, slice) in slices.enumerated() {
      guard let target = window[slice] else { continue }
      for row in 0..<rows {
        let sheetRow = tile / tiling.x * rows + row
        let from = sheetRow * format.columns * width + tile % tiling.x * rowBytes
        UnsafeMutableRawBufferPointer(rebasing: target[(row * rowBytes)..<(row + 1) * rowBytes])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: sheet[from..<from + rowBytes]))
      }
    }
  }
}
