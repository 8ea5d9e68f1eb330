/// Why contours do not become voxels.
public enum ContourFault: Error, Sendable, Equatable, Codable {
  /// A coordinate is no finite number, or beyond any patient.
  case notFinite
  /// A point of contour `contour` lies this far from the nearest slice, in slices.
  case offPlane(contour: Int, slices: Double)
  /// Filling would take more steps than are allowed.
  case tooComplex(limit: Int)
  /// No voxel's centre lies inside.
  case empty
}

extension StructureMask {
  /// Fills closed planar contours, as an RT structure set holds them (PS3.3 C.8.8.6).
  ///
  /// `contours` are polygons in patient millimetres (LPS), each closed by itself. A contour belongs
  /// to the slice along the grid's z in which all of its points lie, within `tolerance` of the
  /// distance between slices. All contours of a slice are filled together by the even-odd rule, so
  /// that a contour inside another is a hole and the two ways of a keyhole cancel out. **A voxel is
  /// inside when its centre is**; of a centre on an outline, the one on a left or upper side is
  /// inside and that on a right or lower one is not, so structures that share an outline neither
  /// overlap nor leave a gap. Parts outside of the grid are cut off. Coordinates are taken to a
  /// millionth of a voxel. `limit` bounds the steps that hostile contours can cost.
  public init(
    filling contours: [[SIMD3<Double>]], on grid: Grid, tolerance: Double = 0.25,
    limit: Int = 2_000_000_000
  ) throws(ContourFault) {
    self.init(grid: grid)
    let toIndex = grid.affine.inverse
    var slices: [Int: [[SIMD2<Double>]]] = [:]
    for (number, contour) in contours.enumerated() where contour.count > 2 {
      let (slice, polygon) = try Self.flatten(contour, number, toIndex, tolerance)
      if (0..<grid.size.z).contains(slice) { slices[slice, default: []].append(polygon) }
    }
    var steps = 0
    for (slice, polygons) in slices {
      var fill = EvenOddFill(width: grid.size.x, height: grid.size.y)
      for polygon in polygons {
        steps += fill.toggle(polygon, limit: limit - steps)
        guard steps < limit else { throw .tooComplex(limit: limit) }
      }
      if let bits = fill.bits() { set(slice: slice, bits: bits) }
    }
    guard !planes.isEmpty else { throw .empty }
  }

  /// The slice of a contour, and its points in voxels of that slice.
  private static func flatten(
    _ contour: [SIMD3<Double>], _ number: Int, _ toIndex: Affine, _ tolerance: Double
  ) throws(ContourFault) -> (slice: Int, polygon: [SIMD2<Double>]) {
    var (slice, worst) = (0.0, 0.0)
    var polygon: [SIMD2<Double>] = []
    polygon.reserveCapacity(contour.count)
    for (place, point) in contour.enumerated() {
      let index = toIndex(point)
      guard abs(index.x) < 1e9, abs(index.y) < 1e9, abs(index.z) < 1e9 else { throw .notFinite }
      if place == 0 { slice = index.z.rounded() }
      worst = max(worst, abs(index.z - slice))
      polygon.append(SIMD2(snapped(index.x), snapped(index.y)))
    }
    guard worst <= tolerance else { throw .offPlane(contour: number, slices: worst) }
    return (Int(slice), polygon)
  }

  /// Decimal millimetres seldom survive a matrix exactly; this puts points on a centre back there.
  private static func snapped(_ value: Double) -> Double {
    (value * 1_048_576).rounded() / 1_048_576
  }
}

/// Even-odd filling of one slice: every edge toggles all voxels to the right of it in the rows that
/// it crosses.
private struct EvenOddFill {
  private let width, height: Int
  /// Whether the state changes at a voxel; one more a row for what changes behind the last.
  private var toggles: [Bool]

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    toggles = [Bool](repeating: false, count: (width + 1) * height)
  }

  /// Adds a polygon; returns how many steps it took, `limit` if it would have taken more.
  mutating func toggle(_ polygon: [SIMD2<Double>], limit: Int) -> Int {
    var steps = 0
    var last = polygon[polygon.count - 1]
    for point in polygon {
      let (upper, lower) = last.y < point.y ? (last, point) : (point, last)
      last = point
      // A row is crossed when its centre line lies at or below the upper end, above the lower one.
      let first = max(0, upper.y.rounded(.up))
      let end = min(Double(height), lower.y.rounded(.up))
      steps += 1
      guard first < end else { continue }
      steps += Int(end - first)
      guard steps < limit else { return limit }
      let slope = (lower.x - upper.x) / (lower.y - upper.y)
      for row in Int(first)..<Int(end) {
        let x = upper.x + (Double(row) - upper.y) * slope
        let column = Int(min(max(x.rounded(.up), 0), Double(width)))
        toggles[row * (width + 1) + column].toggle()
      }
    }
    return steps
  }

  /// The bits of the slice; nil when none is set.
  func bits() -> [UInt8]? {
    var bits = [UInt8](repeating: 0, count: (width * height + 7) / 8)
    var any = false
    var place = 0
    for row in 0..<height {
      var isInside = false
      let start = row * (width + 1)
      for column in 0..<width {
        if toggles[start + column] { isInside.toggle() }
        if isInside {
          bits[place >> 3] |= 1 << UInt8(place & 7)
          any = true
        }
        place += 1
      }
    }
    return any ? bits : nil
  }
}
