import Imaging

extension Volume {
  /// Real values of slice `k` in the order of `geometry`, before scaling: rows × columns of the
  /// source. Only this slice is converted; padding is not a number.
  func slice(_ k: Int, lead: Int, _ geometry: SliceGeometry) -> [Float] {
    let walk = SliceWalk(k, lead: lead, geometry)
    var result = [Float](repeating: 0, count: walk.width * walk.height)
    bytes.withUnsafeBytes { raw in
      result.withUnsafeMutableBufferPointer { target in
        read(raw, walk, zAxis: geometry.axes.firstIndex(of: 2) ?? 2, k, lead, into: target)
      }
    }
    return result
  }

  /// Real values of one time point or channel; padding is not a number.
  func measured(lead: Int, _ geometry: SliceGeometry) -> [Float] {
    guard padding != nil else { return values(lead: lead) }
    return (0..<geometry.sliceCount).flatMap { slice($0, lead: lead, geometry) }
  }

  private func read(
    _ raw: UnsafeRawBufferPointer, _ walk: SliceWalk, zAxis: Int, _ k: Int, _ lead: Int,
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    // Slope and intercept may differ along the stored z, which may run along any axis of the slice.
    func pair(_ x: Int, _ y: Int) -> (slope: Double, intercept: Double) {
      scaling.pair(slice: lead * grid.size.z + walk.sourceZ(x, y))
    }
    func copy<Stored>(_: Stored.Type, _ double: (Stored) -> Double) {
      let alongColumns = zAxis == 0
      let pairs = alongColumns ? (0..<walk.width).map { pair($0, 0) } : []
      for y in 0..<walk.height {
        let row = alongColumns ? (1, 0) : pair(0, y)
        var at = walk.start + y * walk.rowStep
        for x in 0..<walk.width {
          let stored = raw.loadUnaligned(
            fromByteOffset: at &* MemoryLayout<Stored>.size, as: Stored.self)
          let (slope, intercept) = alongColumns ? pairs[x] : row
          let value = double(stored)
          let isPadding = padding?.contains(value) ?? false
          target[y &* walk.width &+ x] = isPadding ? .nan : Float(value * slope + intercept)
          at &+= walk.columnStep
        }
      }
    }
    switch type {
    case .int8: copy(Int8.self) { Double($0) }
    case .uint8: copy(UInt8.self) { Double($0) }
    case .int16: copy(Int16.self) { Double($0) }
    case .uint16: copy(UInt16.self) { Double($0) }
    case .int32: copy(Int32.self) { Double($0) }
    case .uint32: copy(UInt32.self) { Double($0) }
    case .int64: copy(Int64.self) { Double($0) }
    case .uint64: copy(UInt64.self) { Double($0) }
    case .float32: copy(Float.self) { Double($0) }
    case .float64: copy(Double.self) { $0 }
    }
  }
}

/// The places of a slice's voxels in an array `[lead, z, y, x]`, row by row.
struct SliceWalk {
  let width, height: Int
  let start, columnStep, rowStep: Int
  private let z: (start: Int, column: Int, row: Int)

  init(_ k: Int, lead: Int = 0, _ geometry: SliceGeometry) {
    let size = geometry.source.size
    let strides = [1, size.x, size.x * size.y]
    func step(_ i: Int) -> Int { strides[geometry.axes[i]] * (geometry.flips[i] ? -1 : 1) }
    func first(_ i: Int) -> Int { geometry.flips[i] ? size[geometry.axes[i]] - 1 : 0 }
    let slice = geometry.flips[2] ? first(2) - k : k
    let begins = [first(0), first(1), slice]
    (width, height) = (geometry.sourceWidth, geometry.sourceHeight)
    start =
      lead * geometry.source.count
      + (0..<3).map { begins[$0] * strides[geometry.axes[$0]] }
      .reduce(0, +)
    (columnStep, rowStep) = (step(0), step(1))
    let zAxis = geometry.axes.firstIndex(of: 2) ?? 2
    let sign = geometry.flips[zAxis] ? -1 : 1
    z = (begins[zAxis], zAxis == 0 ? sign : 0, zAxis == 1 ? sign : 0)
  }

  /// The stored z of a voxel of the slice.
  func sourceZ(_ x: Int, _ y: Int) -> Int { z.start + x * z.column + y * z.row }

  /// The voxels of the slice, row by row.
  func gather<Voxel>(_ voxels: [Voxel]) -> [Voxel] {
    var result = [Voxel]()
    result.reserveCapacity(width * height)
    for y in 0..<height {
      for x in 0..<width { result.append(voxels[start + y * rowStep + x * columnStep]) }
    }
    return result
  }

  /// Puts the voxels of a slice back where ``gather(_:)`` takes them from.
  func scatter<Voxel>(_ slice: [Voxel], into voxels: inout [Voxel]) {
    for y in 0..<height {
      for x in 0..<width { voxels[start + y * rowStep + x * columnStep] = slice[y * width + x] }
    }
  }
}
