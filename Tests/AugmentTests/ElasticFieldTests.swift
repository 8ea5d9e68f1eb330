import Augment
import Testing

@Suite struct ElasticFieldTests {
  static func field(_ value: (Int) -> (Float, Float), cells: Int = 4) -> ElasticField {
    let values = (0..<(cells + 3) * (cells + 3)).map(value)
    return ElasticField(
      cells: cells, spacing: [10, 8], x: values.map(\.0), y: values.map(\.1))
  }

  @Test func equalControlsMoveEverythingAlike() {
    let field = Self.field { _ in (1.5, -2) }
    for point: SIMD2<Double> in [[0, 0], [-0.5, 31.5], [12.3, 7.7], [500, -90]] {
      let moved = field.displacement(at: point) - [1.5, -2]
      #expect(abs(moved.x) < 1e-6 && abs(moved.y) < 1e-6)
    }
  }

  /// Cubic B-splines reproduce straight lines: control i stands at cell i − 1.
  @Test func controlsOnALineGiveTheLine() {
    let field = Self.field { (Float($0 % 7 - 1), Float($0 / 7 - 1) * 2) }
    for point: SIMD2<Double> in [[0, 0], [9.5, 7.5], [12.3, 17.7], [39.5, 31.5]] {
      let moved = field.displacement(at: point)
      #expect(abs(moved.x - (point.x + 0.5) / 10) < 1e-6)
      #expect(abs(moved.y - (point.y + 0.5) / 8 * 2) < 1e-6)
    }
  }

  @Test func itIsSmoothAcrossTheEdgesOfItsCells() {
    let field = Self.field { (Float(($0 * 7919) % 13) - 6, Float(($0 * 104_729) % 11) - 5) }
    let edge = 19.5
    func slope(_ x: Double) -> Double {
      (field.displacement(at: [x + 1e-5, 9]).x - field.displacement(at: [x - 1e-5, 9]).x) / 2e-5
    }
    #expect(abs(slope(edge - 1e-4) - slope(edge + 1e-4)) < 1e-3)
    #expect(abs(slope(edge)) > 1e-3)
  }
}
