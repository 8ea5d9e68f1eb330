import Foundation
import Imaging

/// A case of Fixtures/oracle.json: two masks to draw and MedPy's numbers for them.
struct OracleCase: Decodable {
  struct Numbers: Decodable {
    var label: Int
    var dice, hd95, hausdorff, assd, volumeError: Double
  }
  var name: String
  var size: [Int]
  var spacing: [Double]
  var mask, reference: [[Int]]
  var classes: [Numbers]

  static func all() throws -> [OracleCase] {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: here.appendingPathComponent("Fixtures/oracle.json"))
    return try JSONDecoder().decode([OracleCase].self, from: data)
  }

  func draw(_ ellipsoids: [[Int]]) -> LabelMap {
    let (nx, ny, nz) = (size[0], size[1], size[2])
    var labels = [UInt16](repeating: 0, count: nx * ny * nz)
    for e in ellipsoids {
      for at in labels.indices {
        let (x, y, z) = (at % nx, at / nx % ny, at / (nx * ny))
        let (dx, dy, dz) = (e[4] * (x - e[1]), e[5] * (y - e[2]), e[6] * (z - e[3]))
        if dx * dx + dy * dy + dz * dz <= e[7] { labels[at] = UInt16(e[0]) }
      }
    }
    let affine = Affine(spacing: SIMD3(spacing[0], spacing[1], spacing[2]))
    return LabelMap(grid: Grid(size: SIMD3(nx, ny, nz), affine: affine), labels: labels)
  }
}

/// A mask whose voxels are given as text: one word a row, one array entry a slice.
func map(
  _ slices: [String], spacing: SIMD3<Double> = SIMD3(1, 1, 1), names: [Int: String] = [:]
) -> LabelMap {
  let rows = slices.map { $0.split(separator: " ") }
  let size = SIMD3(rows[0][0].count, rows[0].count, rows.count)
  let labels = rows.joined().joined().map { UInt16(String($0)) ?? 0 }
  return LabelMap(
    grid: Grid(size: size, affine: Affine(spacing: spacing)), labels: labels, names: names)
}
