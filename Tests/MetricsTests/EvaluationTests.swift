import Foundation
import Imaging
import Metrics
import Testing

private func sample() throws -> Evaluation {
  let reference = map(["0112 0112"], spacing: SIMD3(10, 10, 10), names: [1: "left", 2: "right"])
  var half = reference
  half.labels = [0, 1, 0, 2, 0, 1, 0, 2]
  var empty = reference
  empty.labels = [0, 0, 0, 2, 0, 0, 0, 2]
  return Evaluation([
    try score(half, against: reference, case: "first"),
    try score(empty, against: reference, case: "second"),
  ])
}

@Test func summariesLeaveOutTheDistancesThatDoNotExist() throws {
  let evaluation = try sample()
  let left = try #require(evaluation.classes.first)
  #expect(left.name == "left" && left.dice.count == 2 && left.hd95.count == 1)
  #expect(left.dice.mean.map { abs($0 - 1.0 / 3) < 1e-12 } == true)
  #expect(left.dice.deviation.map { abs($0 - 2 / (3 * 2.0.squareRoot())) < 1e-12 } == true)
  #expect(evaluation.meanDice.mean.map { abs($0 - 2.0 / 3) < 1e-12 } == true)
}

@Test func theTableHasALineForEachCaseAndClassAndALineForEachMean() throws {
  let expected = """
    case    class   Dice  HD95 mm  ASSD mm  volume ml  error ml  error %
    first   left   0.667    10.00     3.33       2.00     -2.00    -50.0
    first   right  1.000     0.00     0.00       2.00      0.00      0.0
    second  left   0.000        –        –       0.00     -4.00   -100.0
    second  right  1.000     0.00     0.00       2.00      0.00      0.0

    mean ± sd of 2           Dice      HD95 mm      ASSD mm      error ml
    left            0.333 ± 0.471        10.00         3.33  -3.00 ± 1.41
    right           1.000 ± 0.000  0.00 ± 0.00  0.00 ± 0.00   0.00 ± 0.00
    all classes     0.667 ± 0.236

    """
  #expect(try sample().table == expected)
}

@Test func jsonKeepsTheScoresAndItsBytes() throws {
  let evaluation = try sample()
  let bytes = try evaluation.json()
  #expect(try JSONDecoder().decode(Evaluation.self, from: bytes) == evaluation)
  #expect(try evaluation.json() == bytes)
  #expect(String(decoding: bytes, as: UTF8.self).contains("\"relativeVolumeError\" : -0.5"))
}

@Test func noCaseGivesNoMean() throws {
  let empty = Evaluation([])
  #expect(empty.meanDice.mean == nil && empty.classes.isEmpty)
  #expect(empty.table.contains("all classes"))
}
