import Loader
import Segmentation
import Testing

private func slices() -> LabelledSlices {
  let pixels = [Int16](repeating: 0, count: 4)
  let source = MemorySlices(
    channels: 1, height: 2, width: 2,
    slices: (0..<20).map { at in
      .init(
        pixels: pixels, label: at / 2 == 3 ? nil : [0, 1, 2, 255], volume: at / 2,
        position: Float(at % 2))
    })
  return LabelledSlices(
    source: source, volumes: (0..<10).map { "v\($0)" }, training: [0, 1, 2, 3, 4, 5, 6],
    validation: [7], labelNames: [1: "a", 2: "b"], preparation: "{}")
}

@Test func smallerSubsetsLieWithinLargerOnes() throws {
  for seed in 0..<5 as Range<UInt64> {
    let subsets = try (1...6).map { Set(try slices().subset($0, seed: seed)) }
    for (count, subset) in zip(1..., subsets) { #expect(subset.count == count) }
    for (small, large) in zip(subsets, subsets.dropFirst()) { #expect(small.isSubset(of: large)) }
  }
  let singles = try Set((0..<20 as Range<UInt64>).flatMap { try slices().subset(1, seed: $0) })
  #expect(singles.count > 2)
}

@Test func volumesWithoutLabelsAreNeverLearnedFrom() throws {
  let all = try slices().subset(0, seed: 1)
  #expect(all.sorted() == [0, 1, 2, 4, 5, 6])
  #expect(throws: SegmentationError.tooFewVolumes(wanted: 7, labelled: 6)) {
    try slices().subset(7, seed: 1)
  }
}

@Test func labelsBecomeOutputsInTheOrderOfTheirNumbers() throws {
  let table = ClassTable([7: "b", 3: "a", 0: "background"])
  #expect(table.labels == [0, 3, 7])
  #expect(try table.outputs(of: [0, 7, 3, 255]) == [0, 2, 1, 255])
  #expect(throws: SegmentationError.unknownLabel(4)) { try table.outputs(of: [4]) }
}
