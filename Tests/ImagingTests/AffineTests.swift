import Imaging
import Testing

/// A rotated, anisotropic matrix such as an oblique series has.
private let oblique = Affine(
  x: SIMD3(0.8, 0.1, -0.05), y: SIMD3(-0.1, 0.9, 0.2), z: SIMD3(0.3, -0.9, 4.9),
  origin: SIMD3(-120, 35, 900.5))

@Suite struct AffineTests {
  @Test func theInverseUndoesTheMatrix() {
    for index in [SIMD3(0.0, 0, 0), SIMD3(3.5, -2, 11), SIMD3(100, 200, 30)] {
      #expect(length(oblique.inverse(oblique(index)) - index) < 1e-9)
    }
  }

  @Test func aProductAppliesTheRightFactorFirst() {
    let other = Affine(spacing: SIMD3(2, 3, 4), origin: SIMD3(1, 1, 1))
    let index = SIMD3(1.0, 2, 3)
    #expect(length((oblique * other)(index) - oblique(other(index))) < 1e-9)
  }

  @Test func rasAndBackIsTheSameMatrix() {
    #expect(Affine(ras: oblique.ras) == oblique)
    #expect(Affine.identity.ras[0][0] == -1)
    #expect(Affine.identity.ras[2][2] == 1)
  }

  @Test func orientationNamesWhereTheAxesRun() {
    #expect(Affine.identity.orientation.description == "LPS")
    #expect(
      Affine(ras: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]).orientation.description == "RAS")
    let sagittal = Affine(
      x: SIMD3(0, 1, 0), y: SIMD3(0, 0, -1), z: SIMD3(-5, 0, 0), origin: .zero)
    #expect(sagittal.orientation.description == "PIR")
  }

  @Test func orientationUsesEachPatientAxisOnceAt45Degrees() {
    let turned = Affine(
      x: SIMD3(1, 1, 0) / 2.0.squareRoot(), y: SIMD3(1, -1, 0) / 2.0.squareRoot(),
      z: SIMD3(0, 0, 1), origin: .zero)
    #expect(Set(turned.orientation.axes) == [0, 1, 2])
  }

  @Test func shearIsSeenAndPerpendicularAxesAreNot() {
    #expect(!Affine.identity.isSheared)
    var tilted = Affine(spacing: SIMD3(0.5, 0.5, 5))
    tilted.z.y = 0.8
    #expect(tilted.isSheared)
    #expect(tilted.isRegular)
  }

  @Test func degenerateAndInfiniteMatricesAreNotRegular() {
    var flat = Affine.identity
    flat.z = flat.x
    #expect(!flat.isRegular)
    flat = .identity
    flat.origin.x = .nan
    #expect(!flat.isRegular)
    #expect(Affine(spacing: SIMD3(1e-3, 1e-3, 1e-3)).isRegular)
  }
}
