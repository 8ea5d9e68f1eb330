import Augment
import Foundation

/// How often slices are seen, compared with one another.
public enum SampleBalance: Sendable, Equatable {
  /// Every slice once an epoch.
  case slices
  /// Every volume as often as every other, whatever the number of its slices.
  case volumes
  /// Every volume in proportion to its weight: for each ordinal of a volume, a number of 0 or more.
  case weights([Double])
}

/// The part of every batch that one of several ranks makes.
public struct Shard: Sendable, Equatable {
  /// Which rank, from 0.
  public var rank: Int
  /// How many there are.
  public var of: Int

  /// The part of rank `rank` of so many.
  public init(rank: Int, of count: Int) { (self.rank, of) = (rank, count) }

  /// Everything.
  public static let whole = Shard(rank: 0, of: 1)
}

/// Which slices make up the batch of a step: a pure function of (seed, step), computed place by
/// place.
///
/// An epoch lays the volumes out one after another in a random order and cuts the line into as many
/// strata as a batch has slices; a batch takes one slice of each. Strata are shuffled on their own,
/// except that a volume which lies across two of them gives to a batch from one side only: so a
/// batch holds a volume once wherever no volume has more slices than an epoch has batches. Batches
/// are full: what does not fill one at the line's end is left out, something else in each epoch.
/// Where a batch is larger than the list, permutations follow one another without a gap and slices
/// recur.
///
/// Memory: sixteen bytes a volume for each of the two epochs that are kept at hand; nothing that
/// grows with the number of slices.
package final class SliceOrder: @unchecked Sendable {
  package let slices: SliceSelection
  package let batchSize: Int
  /// Steps until every slice but a remainder smaller than a batch has been seen.
  package let stepsPerEpoch: Int
  /// How often each of the selection's volumes gives a slice in an epoch, and the sum.
  private let shares: [Int]
  private let total: Int
  private let seed: UInt64
  private let stream: UInt32
  private let lock = NSLock()
  private var epochs: [Layout] = []

  /// An order of `slices` in batches of `batchSize`, of which there must be at least one each.
  package init(
    _ slices: SliceSelection, batchSize: Int, balance: SampleBalance = .slices, seed: UInt64,
    stream: UInt32
  ) {
    (self.slices, self.batchSize, self.seed, self.stream) = (slices, batchSize, seed, stream)
    var shares = balance.shares(slices)
    var total = shares.reduce(0, +)
    stepsPerEpoch = max(total / max(batchSize, 1), 1)
    // What is left out of an epoch is best taken from volumes that would recur in a batch.
    for n in shares.indices where shares[n] > stepsPerEpoch {
      let surplus = min(shares[n] - stepsPerEpoch, max(total - stepsPerEpoch * batchSize, 0))
      shares[n] -= surplus
      total -= surplus
    }
    (self.shares, self.total) = (shares, total)
  }

  /// The slices at some places of the batch of step `step`, as ordinals of the source.
  package func batch(_ step: Int, _ places: Range<Int>? = nil) -> [Int] {
    let places = places ?? 0..<batchSize
    if batchSize > total { return places.map { recurring(step * batchSize + $0) } }
    let layout = layout(step / stepsPerEpoch)
    return places.map {
      slice(layout, at: place(layout, step % stepsPerEpoch, stratum: $0))
    }
  }

  /// The slice at a position of all permutations of the line, one after another.
  private func recurring(_ position: Int) -> Int {
    let epoch = position / total
    return slice(layout(epoch), at: permutation(total, epoch, .line, 0)[position % total])
  }

  /// Where on the line a batch takes its slice of a stratum.
  private func place(_ layout: Layout, _ batch: Int, stratum: Int) -> Int {
    let (start, end) = (stratum * stepsPerEpoch, (stratum + 1) * stepsPerEpoch)
    let common = permutation(stepsPerEpoch, layout.epoch, .batches, 0)[batch]
    let first = layout.range(around: start)
    let last = layout.range(around: end - 1)
    let head = first.lowerBound < start ? min(first.upperBound, end) - start : 0
    let tail = last.upperBound > end && head < stepsPerEpoch ? end - max(last.lowerBound, start) : 0
    let middle = stepsPerEpoch - head - tail
    if common < head {
      return start + permutation(head, layout.epoch, .head, stratum)[common]
    }
    if common < head + middle {
      return start + head
        + permutation(middle, layout.epoch, .middle, stratum)[common - head]
    }
    return end - tail + permutation(tail, layout.epoch, .tail, stratum)[common - head - middle]
  }

  /// The slice that a place of the line stands for.
  private func slice(_ layout: Layout, at place: Int) -> Int {
    let n = firstEnd(beyond: place, in: layout.ends)
    let volume = layout.order[n]
    let own = slices.places(ofVolume: volume)
    let rank = (place - layout.start(n)) % own.count
    let order = permutation(own.count, layout.epoch, .volume, volume)
    return slices[own.lowerBound + order[rank]]
  }

  private enum Use: Int { case line, batches, head, middle, tail, volume }

  private func permutation(_ count: Int, _ epoch: Int, _ use: Use, _ part: Int) -> Permutation {
    Permutation(
      count: count, seed: seed, stream: stream, epoch: epoch, part: part * 8 + use.rawValue)
  }

  private func layout(_ epoch: Int) -> Layout {
    lock.withLock {
      if let known = epochs.first(where: { $0.epoch == epoch }) { return known }
      var generator = Philox(seed: seed, ordinal: UInt64(epoch), stream: stream)
      let layout = Layout(epoch, shares, using: &generator)
      if epochs.count == 2 { epochs.removeFirst() }
      epochs.append(layout)
      return layout
    }
  }
}

/// The volumes of an epoch, one after another.
private struct Layout {
  let epoch: Int
  /// Which of the selection's volumes comes n-th, and where on the line it ends.
  let order: [Int]
  let ends: [Int]

  init(_ epoch: Int, _ shares: [Int], using generator: inout Philox) {
    self.epoch = epoch
    var order = Array(shares.indices)
    generator.shuffle(&order)
    self.order = order
    var end = 0
    ends = order.map {
      end += shares[$0]
      return end
    }
  }

  func start(_ n: Int) -> Int { n == 0 ? 0 : ends[n - 1] }

  /// The part of the line that the volume at a place takes up.
  func range(around place: Int) -> Range<Int> {
    let n = firstEnd(beyond: place, in: ends)
    return start(n)..<ends[n]
  }
}

extension SampleBalance {
  /// How often each volume of a selection gives a slice in an epoch; their sum is about that of the
  /// slices.
  func shares(_ slices: SliceSelection) -> [Int] {
    let counts = slices.volumes.indices.map { slices.places(ofVolume: $0).count }
    switch self {
    case .slices: return counts
    case .volumes:
      return counts.map { _ in max((slices.count + counts.count / 2) / max(counts.count, 1), 1) }
    case .weights(let weights):
      let own = slices.volumes.map { weights[$0] }
      let unit = Double(slices.count) / own.reduce(0, +)
      return own.map { $0 > 0 ? max(Int(($0 * unit).rounded()), 1) : 0 }
    }
  }
}
