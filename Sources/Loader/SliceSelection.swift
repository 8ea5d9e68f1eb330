/// Which slices of a source are used, in the order of volumes and, in each, of slices.
///
/// Kept as runs of neighbours, so that memory grows with the number of volumes and not of slices.
public struct SliceSelection: RandomAccessCollection, Sendable, Equatable {
  /// The first slice of each run, and how many slices there are up to its end.
  private var runs: [Int] = []
  private var runEnds: [Int] = []
  /// The ordinals of the volumes that have slices, in rising order.
  public private(set) var volumes: [Int] = []
  /// For each of ``volumes``, how many slices there are up to its end.
  public private(set) var volumeEnds: [Int] = []

  /// The given slices; `volume` says which volume one belongs to.
  public init(_ slices: some Sequence<Int>, volume: (Int) -> Int) {
    var pairs: [(volume: Int, slice: Int)] = []
    for slice in slices {
      let own = volume(slice)
      // In the order of a store nothing has to be kept to be sorted.
      if pairs.isEmpty && own >= volumes.last ?? 0 && slice > last {
        append(slice..<slice + 1, volume: own)
      } else {
        pairs.append((own, slice))
      }
    }
    guard !pairs.isEmpty else { return }
    let all = map { ($0, volume($0)) }.map { (volume: $0.1, slice: $0.0) } + pairs
    self = SliceSelection()
    for item in all.sorted(by: { ($0.volume, $0.slice) < ($1.volume, $1.slice) }) {
      append(item.slice..<item.slice + 1, volume: item.volume)
    }
  }

  /// Nothing yet.
  public init() {}

  private var last: Int { runs.last.map { $0 + count - (runEnds.dropLast().last ?? 0) - 1 } ?? -1 }

  /// Adds slices that come after all others, of the last volume or one after it.
  public mutating func append(_ slices: Range<Int>, volume: Int) {
    precondition(volume >= volumes.last ?? 0, "volumes come in rising order")
    guard !slices.isEmpty else { return }
    let end = count + slices.count
    if slices.lowerBound == last + 1 && !runs.isEmpty {
      runEnds[runEnds.count - 1] = end
    } else {
      runs.append(slices.lowerBound)
      runEnds.append(end)
    }
    if volumes.last == volume {
      volumeEnds[volumeEnds.count - 1] = end
    } else {
      volumes.append(volume)
      volumeEnds.append(end)
    }
  }

  /// The first place, 0.
  public var startIndex: Int { 0 }
  /// How many slices there are.
  public var endIndex: Int { runEnds.last ?? 0 }

  /// The slice at a place.
  public subscript(place: Int) -> Int {
    let run = firstEnd(beyond: place, in: runEnds)
    return runs[run] + place - (run == 0 ? 0 : runEnds[run - 1])
  }

  /// The places of the slices of the n-th of ``volumes``.
  func places(ofVolume n: Int) -> Range<Int> { (n == 0 ? 0 : volumeEnds[n - 1])..<volumeEnds[n] }

  /// Those that belong to some volumes.
  public func part(ofVolumes wanted: some Sequence<Int>) -> SliceSelection {
    let wanted = Set(wanted)
    var part = SliceSelection()
    for (n, volume) in volumes.enumerated() where wanted.contains(volume) {
      var places = places(ofVolume: n)
      while let place = places.first {
        let run = firstEnd(beyond: place, in: runEnds)
        let end = Swift.min(runEnds[run], places.upperBound)
        part.append(self[place]..<self[place] + end - place, volume: volume)
        places = end..<places.upperBound
      }
    }
    return part
  }

  /// Whether a source of so many slices has them all.
  func exists(among count: Int) -> Bool {
    runs.indices.allSatisfy { runs[$0] >= 0 && self[runEnds[$0] - 1] < count }
  }
}

/// The first of the rising `ends` that lies beyond `place`.
func firstEnd(beyond place: Int, in ends: [Int]) -> Int {
  var (low, high) = (0, ends.count - 1)
  while low < high {
    let middle = (low + high) / 2
    if ends[middle] > place { high = middle } else { low = middle + 1 }
  }
  return low
}
