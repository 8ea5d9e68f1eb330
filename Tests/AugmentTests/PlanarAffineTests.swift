import Augment
import Testing

@Suite struct PlanarAffineTests {
  let affine = PlanarAffine(x: [1.5, 0.25], y: [-0.5, 2], origin: [10, -7])

  @Test func itsColumnsAreTheStepsOfAPixel() {
    #expect(affine([0, 0]) == affine.origin)
    #expect(affine([1, 0]) - affine([0, 0]) == affine.x)
    #expect(affine([0, 1]) - affine([0, 0]) == affine.y)
    #expect(affine.determinant == 1.5 * 2 + 0.25 * 0.5)
  }

  @Test func theInverseLeadsBack() {
    for point: SIMD2<Double> in [[0, 0], [3, -4], [100.5, 17.25]] {
      let back = affine.inverse(affine(point)) - point
      #expect(abs(back.x) < 1e-12 && abs(back.y) < 1e-12)
    }
  }
}
