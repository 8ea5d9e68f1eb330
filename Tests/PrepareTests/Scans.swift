import Foundation
import Imaging
import Prepare

/// Small scans of every direction that tests cut.
enum Scans {
  /// A grid whose axes run as `orientation` says, turned by `degrees` about two axes.
  static func grid(
    _ orientation: String, size: SIMD3<Int> = SIMD3(13, 11, 6),
    spacing: SIMD3<Double> = SIMD3(0.9, 1.1, 4), degrees: Double = 0
  ) -> Grid {
    let along: [Character: SIMD3<Double>] = [
      "L": SIMD3(1, 0, 0), "R": SIMD3(-1, 0, 0), "P": SIMD3(0, 1, 0), "A": SIMD3(0, -1, 0),
      "S": SIMD3(0, 0, 1), "I": SIMD3(0, 0, -1),
    ]
    let (s, c) = (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
    let turn =
      Affine(x: SIMD3(c, s, 0), y: SIMD3(-s, c, 0), z: SIMD3(0, 0, 1), origin: .zero)
      * Affine(x: SIMD3(1, 0, 0), y: SIMD3(0, c, s), z: SIMD3(0, -s, c), origin: .zero)
    let axes = orientation.map { turn(along[$0] ?? .zero) }
    return Grid(
      size: size,
      affine: Affine(
        x: axes[0] * spacing.x, y: axes[1] * spacing.y, z: axes[2] * spacing.z,
        origin: SIMD3(-40, 12.25, 103)))
  }

  /// Grids cut axially, coronally and sagittally, straight and oblique.
  static let all: [Grid] = ["LPS", "RAS", "RIP", "LSA", "ASR", "PIL", "SAR", "IPL"].flatMap {
    [grid($0), grid($0, degrees: 17)]
  }

  /// A mask without any symmetry: three classes, scattered.
  static func mask(_ grid: Grid) -> LabelMap {
    var state: UInt32 = 12345
    let labels = (0..<grid.count).map { _ -> UInt16 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt16(state >> 30) % 3
    }
    return LabelMap(grid: grid, labels: labels)
  }

  /// A ball of class 2 in a larger one of class 1.
  static func ball(_ grid: Grid, radius: Double) -> LabelMap {
    let middle = grid.affine(SIMD3<Double>(grid.size &- 1) / 2)
    var labels = [UInt16]()
    for z in 0..<grid.size.z {
      for y in 0..<grid.size.y {
        for x in 0..<grid.size.x {
          let away = length(grid.affine(SIMD3(Double(x), Double(y), Double(z))) - middle)
          labels.append(away < radius / 2 ? 2 : away < radius ? 1 : 0)
        }
      }
    }
    return LabelMap(grid: grid, labels: labels)
  }

  /// A volume whose voxel (x, y, z) holds x + 100 y + 10 000 z.
  static func numbered(_ grid: Grid) -> Volume {
    let values = (0..<grid.count).map { i -> Int32 in
      let (x, y, z) = (
        i % grid.size.x, i / grid.size.x % grid.size.y, i / grid.sliceCount
      )
      return Int32(x + 100 * y + 10_000 * z)
    }
    return Volume(grid: grid, values: values)
  }

  /// The folder of the fixtures.
  static func fixture<Content: Decodable>(_ name: String, as: Content.Type) throws -> Content {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/\(name)"))
    return try JSONDecoder().decode(Content.self, from: data)
  }
}
