import SSL
import Testing
import Torch

private func batch(_ first: Int) throws -> (Tensor, SliceTags) {
  let rows = [Float(first), Float(first), Float(first + 1), Float(first + 1)]
  let tags = try SliceTags(
    volumes: [Int32(first), Int32(first + 1)], positions: [Float(first), Float(first) + 0.5])
  return (try Tensor(rows, [2, 2]), tags)
}

@Test func theQueueHoldsTheLastKeysWithWhereTheyComeFrom() throws {
  var queue = KeyQueue(capacity: 6, width: 2)
  for first in [0, 2, 4] {
    #expect(!queue.isFull)
    let (keys, tags) = try batch(first)
    queue.enqueue(keys, tags)
  }
  #expect(queue.isFull && queue.pointer == 0)
  let (keys, tags) = try batch(6)
  queue.enqueue(keys, tags)
  #expect(queue.pointer == 2 && queue.filled == 6)
  #expect(try queue.keys.floats() == [6, 6, 7, 7, 2, 2, 3, 3, 4, 4, 5, 5])
  #expect(try queue.tags.volumes.array(of: Int64.self) == [6, 7, 2, 3, 4, 5])
  #expect(try queue.tags.positions.floats() == [6, 6.5, 2, 2.5, 4, 4.5])
}

@Test func keysInTheQueueCarryNoDerivatives() throws {
  var queue = KeyQueue(capacity: 2, width: 2)
  let weight = Tensor.ones([2, 2]).requiringGradient()
  queue.enqueue(weight * 2, try SliceTags(volumes: [0, 1], positions: [0, 0]))
  #expect(!queue.keys.requiresGradient)
}

@Test func theLengthOfTheQueueFollowsTheSlices() throws {
  #expect(try KeyQueue.capacity(wanted: 0, slices: 5659, batch: 64) == 5568)
  #expect(try KeyQueue.capacity(wanted: 0, slices: 1_000_000, batch: 48) == 65_520)
  #expect(try KeyQueue.capacity(wanted: 4096, slices: 5659, batch: 64) == 4096)
  #expect(try KeyQueue.capacity(wanted: 0, slices: 128, batch: 64) == 64)
  #expect(try KeyQueue.capacity(wanted: 4096, slices: 127, batch: 64) == 0, "in-batch negatives")
}

@Test func aQueueThatDoesNotFitIsRefusedWithAReason() throws {
  for wanted in [100, 5632, -64] {
    #expect(throws: PretrainError.queueDoesNotFit(queue: wanted, batch: 64, slices: 5659)) {
      try KeyQueue.capacity(wanted: wanted, slices: 5659, batch: 64)
    }
  }
}
