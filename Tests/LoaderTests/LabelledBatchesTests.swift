import Augment
import Loader
import Testing

@Suite struct LabelledBatchesTests {
  let slices = source([20, 22, 18])

  private func batches(
    threads: Int, from step: Int = 0, count: Int, share: Double = 0, enabled: Bool = true
  ) throws -> [LabelledBatch] {
    var recipe = LabelledRecipe()
    recipe.enabled = enabled
    let stream = try LabelledBatches(
      slices, recipe: recipe, batchSize: 4, seed: 3, startStep: step, foregroundShare: share,
      threads: threads, prefetch: 3)
    return try (0..<count).map { _ in try stream.next() }
  }

  @Test func anyNumberOfThreadsGivesTheSameBatches() throws {
    let alone = try batches(threads: 0, count: 12, share: 0.3)
    for threads in 1...3 {
      #expect(try batches(threads: threads, count: 12, share: 0.3) == alone)
    }
  }

  @Test func startingAtAStepEqualsSkippingToIt() throws {
    let whole = try batches(threads: 0, count: 20, share: 0.5)
    #expect(try batches(threads: 2, from: 11, count: 9, share: 0.5) == Array(whole[11...]))
  }

  @Test func anEpochIsAPermutationOfTheLabelledSlices() throws {
    let seen = try batches(threads: 1, count: 5)
    #expect(seen.flatMap(\.slices).sorted() == Array(stride(from: 0, to: 60, by: 3)))
    #expect(seen.allSatisfy { $0.weights == [1, 1, 1, 1] })
  }

  @Test func withoutVariationSliceAndLabelComeAsTheyAre() throws {
    for batch in try batches(threads: 1, count: 5, enabled: false) {
      for (item, slice) in batch.slices.enumerated() {
        let pixels = Array(batch.images[item * 120..<(item + 1) * 120])
        #expect(pixels == slices.slices[slice].pixels.map { Float($0) })
        #expect(Array(batch.labels[item * 120..<(item + 1) * 120]) == slices.slices[slice].label)
      }
    }
  }

  @Test func theShareOfForegroundIsKept() throws {
    for batch in try batches(threads: 1, count: 20, share: 0.5) {
      #expect(batch.count == 4)
      #expect(batch.slices.filter { $0 % 6 == 0 }.count >= 2)
    }
    let all = try batches(threads: 1, count: 20, share: 1)
    #expect(all.allSatisfy { $0.slices.allSatisfy { $0 % 6 == 0 } })
  }

  @Test func aBadSliceIsReplacedOrFails() throws {
    let damaged = Damaged(whole: slices, bad: [6, 9])
    let stream = try LabelledBatches(
      damaged, recipe: .init(), batchSize: 4, seed: 3, foregroundShare: 0.25, threads: 1,
      onBadSlice: .replace)
    for _ in 0..<7 { #expect(try Set(stream.next().slices).isDisjoint(with: [6, 9])) }
    #expect(stream.badSlices.map(\.slice) == [6, 9])
    #expect(throws: LoaderError.badSlice(slice: 6, reason: "checksum differs")) {
      try LabelledBatches(
        damaged, recipe: .init(), batchSize: 4, seed: 3, foregroundShare: 0.25)
    }
  }

  @Test func whatComesNextIsAnnounced() throws {
    let source = Announced(slices)
    let stream = try LabelledBatches(
      source, recipe: .init(), batchSize: 4, seed: 3, foregroundShare: 0.3, threads: 0)
    let read = try (0..<6).map { _ in try stream.next().slices }
    #expect(source.announced.dropLast() == read[1...])
  }

  @Test func withoutLabelsThereIsNothingToLoad() {
    #expect(throws: LoaderError.nothingToLoad) {
      try LabelledBatches(
        slices, slices: slices.selection(of: [1, 2, 4]), recipe: .init(), batchSize: 4, seed: 1)
    }
  }
}
