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
  /// overlap nor leave a gap. Parts outside of the grid are cut off. Contours that are finer than
  /// slices say nothing of centres between whose planes they lie and are passed over, see
  /// `FlatContour.stray`. Coordinates are taken to a millionth of a voxel. `limit`
  /// bounds the steps that hostile contours can cost.
  public init(
    filling contours: [[SIMD3<Double>]], on grid: Grid, tolerance: Double = 0.25,
    limit: Int = 2_000_000_000
  ) throws(ContourFault) {
    self.init(grid: grid)
    let toIndex = grid.affine.inverse
    var slices: [Int: [[SIMD2<Double>]]] = [:]
    var others: [FlatContour] = []
    for (number, contour) in contours.enumerated() where contour.count > 2 {
      let flat = try FlatContour(contour, number, toIndex)
      if flat.distance <= tolerance {
        slices[flat.slice, default: []].append(flat.polygon)
      } else {
        others.append(flat)
      }
    }
    if let stray = FlatContour.stray(among: others, beside: Set(slices.keys)) {
      throw .offPlane(contour: stray.number, slices: stray.distance)
    }
    var steps = 0
    for (slice, polygons) in slices where (0..<grid.size.z).contains(slice) {
      var fill = EvenOddFill(width: grid.size.x, height: grid.size.y)
      for polygon in polygons {
        steps += fill.toggle(polygon, limit: limit - steps)
        guard steps < limit else { throw .tooComplex(limit: limit) }
      }
      if let bits = fill.bits() { set(slice: slice, bits: bits) }
    }
    guard !planes.isEmpty else { throw .empty }
  }
}

/// A contour in voxels of a grid.
private struct FlatContour {
  /// Its place among the contours, from 0.
  let number: Int
  /// x and y of its points.
  private(set) var polygon: [SIMD2<Double>] = []
  /// The least and the largest z.
  private var low = Double.infinity
  private var high = -Double.infinity

  init(
    _ contour: [SIMD3<Double>], _ number: Int, _ toIndex: Affine
  ) throws(ContourFault) {
    self.number = number
    polygon.reserveCapacity(contour.count)
    for point in contour {
      let index = toIndex(point)
      guard abs(index.x) < 1e9, abs(index.y) < 1e9, abs(index.z) < 1e9 else { throw .notFinite }
      (low, high) = (min(low, index.z), max(high, index.z))
      polygon.append(SIMD2(Self.snapped(index.x), Self.snapped(index.y)))
    }
  }

  private var middle: Double { (low + high) / 2 }
  /// The nearest slice.
  var slice: Int { Int(middle.rounded()) }
  /// How far its farthest point lies from that, in slices.
  var distance: Double { max(high - middle.rounded(), middle.rounded() - low) }
  /// Whether it runs beside the slices, not across them.
  private var isFlat: Bool { high - low < 0.25 }

  /// The first contour that cannot be passed over, although it is on no slice.
  ///
  /// One between slices can where the slice nearest to it has contours of its own, or where it goes
  /// on beyond the first or the last of them by steps of half a slice at most: then contours lie
  /// closer than slices, and those of the slices alone decide. Any other may be one of a slice that
  /// has none else, and which one is anybody's guess.
  static func stray(among others: [FlatContour], beside slices: Set<Int>) -> FlatContour? {
    guard let first = slices.min(), let last = slices.max() else { return others.first }
    let rising = others.sorted { $0.middle < $1.middle }
    func stray(_ contours: some Sequence<FlatContour>, from end: Double) -> FlatContour? {
      var reach = end
      for one in contours {
        let goesOn = abs(one.middle - reach) < 0.51
        guard one.isFlat, slices.contains(one.slice) || goesOn else { return one }
        reach = one.middle
      }
      return nil
    }
    return rising.first {
      $0.middle >= Double(first) && $0.middle <= Double(last)
        && !($0.isFlat && slices.contains($0.slice))
    }
      ?? stray(rising.lazy.filter { $0.middle > Double(last) }, from: Double(last))
      ?? stray(rising.reversed().lazy.filter { $0.middle < Double(first) }, from: Double(first))
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
