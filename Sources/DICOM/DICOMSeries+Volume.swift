import Imaging

extension Stack {
  /// The series of a stack that is a volume.
  func series(
    uid: String, part: String, _ geometry: StackGeometry, policy: DICOMSeries.Policy
  ) -> DICOMSeries {
    var headers: [DICOMHeader] = []
    var slices: [[Int]] = []
    var files: [String: Int] = [:]
    let members = geometry.order.count / geometry.leading.count
    for (place, member) in geometry.order.enumerated() {
      let slice = place / members * geometry.grid.size.z + place % members
      let path = member.header.path
      if files[path] == nil {
        files[path] = headers.count
        headers.append(member.header)
        slices.append([Int](repeating: -1, count: member.header.planes.count))
      }
      if let file = files[path] { slices[file][member.plane.index] = slice }
    }
    let order = headers.indices.sorted { a, b in
      (headers[a].identity.sopInstanceUID ?? "", headers[a].path)
        < (headers[b].identity.sopInstanceUID ?? "", headers[b].path)
    }
    let (scaling, flags) = quantity(geometry, policy)
    return DICOMSeries(
      seriesUID: uid, part: part, headers: order.map { headers[$0] },
      slices: order.map { slices[$0] }, blends: geometry.blends, grid: geometry.grid,
      leading: geometry.leading, scaling: scaling, flags: flags,
      echoTime: geometry.order.first?.plane.echoTime)
  }

  /// Real values as the policy wants them, and the flags of the volume.
  private func quantity(
    _ geometry: StackGeometry, _ policy: DICOMSeries.Policy
  ) -> (Scaling, flags: [String]) {
    let scaling = scaling(geometry)
    let headers = geometry.order.map(\.header)
    guard policy.uptake, headers[0].acquisition.modality == "PT" else {
      return (scaling, geometry.flags)
    }
    guard let factor = headers[0].uptakeFactor, headers.allSatisfy({ $0.uptakeFactor == factor })
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
    return Scaling.perSlice(slope: planes.map(\.slope), intercept: planes.map(\.intercept))
      .simplified
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
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var failure: DICOMError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(DICOMError) {
        try decode(into: buffer, limits: limits)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return Volume(grid: grid, leading: leading, type: type, bytes: bytes, scaling: scaling)
  }

  /// Decodes every file into `buffer`, which must have ``byteCount`` bytes: stored values in C
  /// order `[lead, z, y, x]`, little endian.
  public func decode(
    into buffer: UnsafeMutableRawBufferPointer, limits: DICOMFile.Limits = .init()
  ) throws(DICOMError) {
    for file in headers.indices {
      try decode(file: file, into: buffer, limits: limits)
    }
    interpolate(buffer)
  }

  /// Decodes the planes of one file, `headers[file]`, to their places in `buffer`.
  ///
  /// Files do not share slices, so several may be decoded at once; ``interpolate(_:)`` comes last.
  public func decode(
    file: Int, into buffer: UnsafeMutableRawBufferPointer, limits: DICOMFile.Limits = .init()
  ) throws(DICOMError) {
    precondition(buffer.count == byteCount, "the buffer does not fit the series")
    let header = headers[file]
    let opened = try DICOMFile(path: header.path, limits: limits)
    let now = try opened.header()
    guard let format = now.pixels, now.pixels == header.pixels,
      now.pixelDigest == header.pixelDigest,
      now.planes == header.planes
    else { throw .changed(path: header.path) }
    if let tiling = header.tiling {
      try decodeTiles(opened, format, tiling, slices: slices[file], into: buffer)
      return
    }
    for (frame, slice) in slices[file].enumerated() where slice >= 0 {
      if format.isColor {
        let planes = (0..<color.channels).map { plane(slice + $0 * grid.size.z, of: buffer) }
        try opened.decodeColor(frame: frame, format: format, policy: color, into: planes)
        continue
      }
      let start = slice * format.frameBytes
      let target = UnsafeMutableRawBufferPointer(
        rebasing: buffer[start..<start + format.frameBytes])
      try opened.decode(frame: frame, format: format, into: target)
    }
  }

  private func plane(
    _ slice: Int, of buffer: UnsafeMutableRawBufferPointer
  ) -> UnsafeMutableRawBufferPointer {
    let bytes = grid.size.x * grid.size.y * type.size
    return UnsafeMutableRawBufferPointer(rebasing: buffer[slice * bytes..<(slice + 1) * bytes])
  }

  /// Takes a mosaic apart: the tiles lie row by row.
  private func decodeTiles(
    _ opened: DICOMFile, _ format: PixelFormat, _ tiling: SIMD2<Int>, slices: [Int],
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(DICOMError) {
    let sheet = UnsafeMutableRawBufferPointer.allocate(byteCount: format.frameBytes, alignment: 16)
    defer { sheet.deallocate() }
    try opened.decode(frame: 0, format: format, into: sheet)
    let width = format.type.size
    let (rows, rowBytes) = (format.rows / tiling.y, format.columns / tiling.x * width)
    for (tile, slice) in slices.enumerated() where slice >= 0 {
      for row in 0..<rows {
        let sheetRow = tile / tiling.x * rows + row
        let from = sheetRow * format.columns * width + tile % tiling.x * rowBytes
        let to = (slice * rows + row) * rowBytes
        UnsafeMutableRawBufferPointer(rebasing: buffer[to..<to + rowBytes])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: sheet[from..<from + rowBytes]))
      }
    }
  }
}
