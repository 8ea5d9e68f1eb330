import Loader
import SSL
import Testing
import Torch

@Test func masksHaveTheirShareOfPatchesInEveryImageAndFollowFromTheSeed() throws {
  let masks = patchMasks(50, side: 6, masked: 22, seed: 7)
  #expect(masks.shape == [50, 1, 6, 6])
  #expect(try masks.floats().allSatisfy { $0 == 0 || $0 == 1 })
  #expect(try masks.sum(axes: [1, 2, 3]).floats().allSatisfy { $0 == 22 })
  #expect(try patchMasks(50, side: 6, masked: 22, seed: 7).floats() == masks.floats())
  #expect(try patchMasks(50, side: 6, masked: 22, seed: 8).floats() != masks.floats())
  let often = try masks.mean(axes: [0]).floats()
  #expect(often.allSatisfy { $0 > 0.3 && $0 < 0.9 }, "no place is masked always or never")
}

@Test func theErrorIsThatOfMaskedPixelsAlone() throws {
  let images = Tensor.zeros([1, 2, 2, 2])
  let masked = try Tensor([true, false, false, true], [1, 1, 2, 2])
  let painted = try Tensor([1, 50, 50, 3, 2, 50, 50, 0] as [Float], [1, 2, 2, 2])
  #expect(try maskedError(painted, images, masked: masked).item() == (1 + 9 + 4 + 0) / 4)
}

@Test func whatIsMaskedIsNotSeen() throws {
  let recipe = try smallRecipe(.mae).resolved(slices: 80)
  let batch = try batches(recipe).next()
  let mask = patchMasks(
    16, side: 4, masked: 10, seed: try Views(batch, recipe, device: .cpu).seed
  ).interpolated(to: (height: 32, width: 32), .nearest)  // 16×1×32×32
  /// The loss on slices whose masked pixels are moved by `shift`, and the painting's part of it.
  func loss(_ shift: Double) throws -> Double {
    var moved = batch
    let pixels = mask * shift
    func shifted(_ views: BatchNumbers<Float>, _ part: Range<Int>) throws -> BatchNumbers<Float> {
      BatchNumbers(try (Tensor(Array(views), [8, 1, 32, 32]) + pixels[part]).floats())
    }
    moved.queries = try shifted(batch.queries, 0..<8)
    moved.keys = try shifted(batch.keys, 8..<16)
    return try MaskedAutoencoder(recipe, channels: 1)
      .cost(Views(moved, recipe, device: .cpu)).loss.item()
  }
  // The painting p is the same for all shifts, so the loss mean (p − x − s)² is a parabola in s with leading
  // coefficient 1.
  let (low, middle, high) = (try loss(-2), try loss(0), try loss(2))
  #expect(abs((low + high - 2 * middle) / 8 - 1) < 1e-4)
}

@Test func someStepsOfPaintingLowerTheErrorAndReachTheWholeEncoder() throws {
  let recipe = try smallRecipe(.mae).resolved(slices: 80)
  let stream = try batches(recipe)
  var method = try MaskedAutoencoder(recipe, channels: 1)
  #expect(!method.isFilling && method.memory.isEmpty)
  let first = try method.step(stream.next()).read()
  #expect(first.terms?["reconstruction"] == first.loss && first.batchTopOne == nil)
  for parameter in method.backbone.store.parameters where !parameter.name.hasSuffix("conv.bias") {
    #expect(try parameter.tensor.gradient!.norm().item() > 0, "\(parameter.name)")
  }
  var last = first
  for _ in 0..<60 { last = try method.step(stream.next()).read() }
  #expect(last.loss < 0.8 * first.loss)
}
