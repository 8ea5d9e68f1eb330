import Augment
import Foundation

/// Which slices make up the batch of a step: a pure function of (seed, step).
///
/// An epoch is a seeded permutation of all slices in which those of one volume lie evenly apart,
/// so that a batch holds a volume once where there are volumes enough. Batches are full: what does
/// not fill one at an epoch's end is left out, something else in each epoch. Where a batch is
/// larger than the list, permutations follow one another without a gap and slices recur.
///
/// Memory: four bytes a slice for each of the two epochs that are kept at hand.
package final class SliceOrder: @unchecked Sendable {
  package let slices: [Int]
  package let batchSize: Int
  /// Steps until every slice but a remainder smaller than a batch has been seen.
  package let stepsPerEpoch: Int
  private let volumes: [Int32]
  private let groups: [[Int32]]
  private let seed: UInt64
  private let stream: UInt32
  private let lock = NSLock()
  private var epochs: [(epoch: Int, order: [Int32])] = []

  /// An order of `slices`; `volumes` are those they belong to, one each.
  package init(slices: [Int], volumes: [Int32], batchSize: Int, seed: UInt64, stream: UInt32) {
    (self.slices, self.volumes, self.batchSize) = (slices, volumes, batchSize)
    (self.seed, self.stream) = (seed, stream)
    stepsPerEpoch = max(slices.count / max(batchSize, 1), 1)
    let grouped = Dictionary(grouping: volumes.indices) { volumes[$0] }
    groups = grouped.sorted { $0.key < $1.key }.map { $0.value.map { Int32($0) } }
  }

  /// The slices of step `step`, as ordinals of the source.
  package func batch(_ step: Int) -> [Int] {
    (0..<batchSize).map { item in
      let (epoch, place) = locate(step, item)
      return slices[Int(order(of: epoch)[place])]
    }
  }

  private func locate(_ step: Int, _ item: Int) -> (epoch: Int, place: Int) {
    if batchSize <= slices.count {
      return (step / stepsPerEpoch, step % stepsPerEpoch * batchSize + item)
    }
    let position = step * batchSize + item
    return (position / slices.count, position % slices.count)
  }

  private func order(of epoch: Int) -> [Int32] {
    lock.withLock {
      if let known = epochs.first(where: { $0.epoch == epoch }) { return known.order }
      let order = permutation(epoch)
      if epochs.count == 2 { epochs.removeFirst() }
      epochs.append((epoch, order))
      return order
    }
  }

  /// Places each volume's slices, shuffled, evenly in time from a random start, sorts by time, and
  /// then moves what a batch would hold twice further on.
  private func permutation(_ epoch: Int) -> [Int32] {
    var generator = Philox(seed: seed, ordinal: UInt64(epoch), stream: stream)
    var timed: [(time: Double, item: Int32)] = []
    timed.reserveCapacity(slices.count)
    for group in groups {
      var items = group
      generator.shuffle(&items)
      let start = generator.uniform()
      for (j, item) in items.enumerated() {
        timed.append(((Double(j) + start) / Double(items.count), item))
      }
    }
    timed.sort { ($0.time, $0.item) < ($1.time, $1.item) }
    var order = timed.map(\.item)
    spread(&order)
    return order
  }

  private func spread(_ order: inout [Int32]) {
    var batchOfVolume: [Int32: Int] = [:]
    for place in order.indices {
      let batch = place / batchSize
      func isNew(_ at: Int) -> Bool { batchOfVolume[volumes[Int(order[at])]] != batch }
      if !isNew(place) {
        let end = min(place + 1 + 8 * batchSize, order.count)
        if let other = (place + 1..<end).first(where: isNew) { order.swapAt(place, other) }
      }
      batchOfVolume[volumes[Int(order[place])]] = batch
    }
  }
}
