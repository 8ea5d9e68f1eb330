import Foundation
import Imaging
import Metrics
import Testing

@Test func diceAndVolumeErrorAgreeWithMedPy() throws {
  for scan in try OracleCase.all() {
    let (mask, reference) = (scan.draw(scan.mask), scan.draw(scan.reference))
    let found = try score(mask, against: reference, case: scan.name)
    #expect(found.classes.map(\.label) == [1, 2])
    for (ours, expected) in zip(found.classes, scan.classes) {
      #expect(abs(ours.dice - expected.dice) < 1e-12)
      #expect(abs(ours.volumeError - expected.volumeError) < 1e-9)
      #expect(ours.hd95.map { abs($0 - expected.hd95) < 1e-9 } == true)
      #expect(ours.dice == dice(mask, reference, label: ours.label))
      #expect(ours.hd95 == hd95(mask, reference, label: ours.label))
      #expect(ours.assd == assd(mask, reference, label: ours.label))
      #expect(
        abs(ours.volumeError - volumeError(mask, reference, label: ours.label)) < 1e-12)
    }
  }
}

@Test func aClassMissingFromBothMasksIsARightAnswerWithoutDistances() throws {
  let empty = map(["000"], names: [1: "spleen"])
  let found = try score(empty, against: empty, case: "a").classes[0]
  #expect(found.dice == 1 && found.hd95 == nil && found.assd == nil)
  #expect(found.volumeError == 0 && found.relativeVolumeError == nil && found.name == "spleen")
}

@Test func aClassMissingFromOneMaskScoresNothing() throws {
  let (full, empty) = (map(["011"], spacing: SIMD3(10, 10, 10)), map(["000"]))
  var reference = empty
  reference.grid = full.grid
  let found = try score(full, against: reference, case: "a").classes[0]
  #expect(found.dice == 0 && found.hd95 == nil && found.assd == nil)
  #expect(abs(found.volumeError - 2) < 1e-12 && found.relativeVolumeError == nil)
  let missed = try score(reference, against: full, case: "a").classes[0]
  #expect(missed.dice == 0 && missed.relativeVolumeError == -1)
}

@Test func masksOfDifferentSizeAreRefusedByName() {
  #expect(throws: MetricsError.sizesDiffer(case: "a", mask: [3, 1, 1], reference: [2, 1, 1])) {
    try score(map(["011"]), against: map(["01"]), case: "a")
  }
}

@Test func masksAtDifferentPlacesAreRefused() {
  var moved = map(["011"])
  moved.grid.affine.origin.x += 4
  #expect(throws: MetricsError.placesDiffer(case: "a", millimetres: 4)) {
    try score(moved, against: map(["011"]), case: "a")
  }
}

@Test(arguments: [(3.2, "4"), (1e30, "1e+30"), (.nan, "nan")])
func howFarApartMasksAreIsSaidForAnyNumber(_ millimetres: Double, _ said: String) {
  let error = MetricsError.placesDiffer(case: "a", millimetres: millimetres)
  #expect(error.description.hasPrefix("a: the mask lies \(said) mm"))
}

@Test func aGridWithoutVolumeIsRefused() {
  let flat = map(["011"], spacing: SIMD3(1, 1, 0))
  #expect(throws: MetricsError.gridIsSingular(case: "a")) {
    try score(flat, against: flat, case: "a")
  }
}
