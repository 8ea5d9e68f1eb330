import Augment
import Loader
import Testing

/// Ten thousand pairs, down to the last bit of every pixel and point.
@Suite struct StreamDigestTests {
  private static let slices = source([40, 33, 51, 28, 46, 37, 30, 44], height: 24, width: 20)
  private static let batchSize = 50

  private static var recipe: CropPairRecipe {
    var recipe = CropPairRecipe()
    (recipe.size, recipe.geometry.elasticCells) = (16, 1)
    (recipe.regions.count, recipe.regions.points) = (1, 1)
    return recipe
  }

  /// One number for each batch from `step` on.
  private func digests(threads: Int, from step: Int = 0) throws -> [UInt64] {
    let stream = try CropPairBatches(
      Self.slices, recipe: Self.recipe, batchSize: Self.batchSize, seed: 8, startStep: step,
      threads: threads, prefetch: 5)
    return try (step..<10_000 / Self.batchSize).map { _ in
      let batch = try stream.next()
      var digest: UInt64 = 0xcbf2_9ce4_8422_2325
      for list in [Array(batch.queries), Array(batch.keys), batch.regions?.queryPoints ?? []] {
        list.withUnsafeBytes {
          for word in $0.bindMemory(to: UInt64.self) { digest = (digest ^ word) &* 0x100_0000_01b3 }
        }
      }
      return batch.slices.reduce(digest) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
  }

  @Test func oneStreamOnAnyNumberOfThreadsAndFromAnyStep() throws {
    let alone = try digests(threads: 1)
    #expect(Set(alone).count == 200)
    for threads in [2, 8] { #expect(try digests(threads: threads) == alone) }
    let step = Int.random(in: 1..<199)
    #expect(try digests(threads: 2, from: step) == Array(alone[step...]), "from step \(step)")
  }
}
