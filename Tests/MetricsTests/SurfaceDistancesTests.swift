import Imaging
import Metrics
import Testing

@Test func surfaceDistancesAgreeWithMedPy() throws {
  for scan in try OracleCase.all() {
    let (mask, reference) = (scan.draw(scan.mask), scan.draw(scan.reference))
    for expected in scan.classes {
      let found = try #require(SurfaceDistances(mask, reference, label: expected.label))
      #expect(abs(found.hd95 - expected.hd95) < 1e-9, "\(scan.name), class \(expected.label)")
      #expect(abs(found.assd - expected.assd) < 1e-9, "\(scan.name), class \(expected.label)")
      #expect(abs(found.hausdorff - expected.hausdorff) < 1e-9, "\(scan.name)")
    }
  }
}

@Test func aMaskIsAtNoDistanceFromItself() throws {
  let mask = map(["0110 0110 0000", "0110 0000 0001"])
  let found = try #require(SurfaceDistances(mask, mask, label: 1))
  #expect(found.hd95 == 0 && found.assd == 0 && found.hausdorff == 0)
  #expect(found.toMask.count == 7)
}

@Test func aMaskMovedAlongAnAxisLiesAtThatSpacing() throws {
  let spacing = SIMD3(0.5, 2, 7)
  let one = map(["100 000", "000 000"], spacing: spacing)
  let moved = [
    map(["010 000", "000 000"], spacing: spacing), map(["000 100", "000 000"], spacing: spacing),
    map(["000 000", "100 000"], spacing: spacing),
  ]
  for (axis, other) in moved.enumerated() {
    #expect(SurfaceDistances(one, other, label: 1)?.hausdorff == spacing[axis])
  }
}

@Test func theDistancesDoNotDependOnWhichMaskComesFirst() throws {
  let scan = try OracleCase.all()[1]
  let (a, b) = (scan.draw(scan.mask), scan.draw(scan.reference))
  let (there, back) = (
    try #require(SurfaceDistances(a, b, label: 1)), try #require(SurfaceDistances(b, a, label: 1))
  )
  #expect(there.hd95 == back.hd95 && abs(there.assd - back.assd) < 1e-12)
  #expect(there.toMask == back.toReference)
}

@Test func aMissingClassHasNoDistance() {
  let (full, empty) = (map(["011"]), map(["000"]))
  #expect(SurfaceDistances(full, empty, label: 1) == nil)
  #expect(SurfaceDistances(empty, full, label: 1) == nil)
  #expect(SurfaceDistances(full, full, label: 70_000) == nil)
}

@Test func onlyVoxelsWithAnOpenFaceAreSurface() throws {
  let cube = [String](repeating: "000000 011110 011110 011110 011110 000000", count: 4)
  let mask = map(["000000 000000 000000 000000 000000 000000"] + cube)
  let found = try #require(SurfaceDistances(mask, mask, label: 1))
  #expect(found.toMask.count == 64 - 8)
}
