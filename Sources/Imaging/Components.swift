/// Which voxels are neighbours.
public enum Connectivity: Int, Codable, Sendable, CaseIterable {
  /// Those that share a face.
  case faces = 6
  /// Those that share a face, an edge or a corner.
  case corners = 26
}

/// The connected parts of every class of a mask, the background left out.
///
/// Found in two passes over runs of equal voxels along x, which are joined as disjoint sets (Rosenfeld and
/// Pfaltz, 1966): time grows with the voxels, memory with the runs, and nothing is recursive.
public struct Components: Sendable {
  /// One part.
  public struct Part: Sendable, Equatable {
    /// Its class.
    public var label: UInt16
    /// How many voxels it has.
    public var voxels: Int
  }

  /// The parts in the order of their first voxels.
  public let parts: [Part]
  private let runs: [Run]
  /// The part of each run.
  private let owners: [Int]

  /// Finds the parts of a mask's classes.
  public init(_ mask: LabelMap, _ connectivity: Connectivity = .corners) {
    let (runs, rows) = Self.runs(of: mask)
    var sets = DisjointSets(count: runs.count)
    Self.join(runs, rows, mask.grid.size, connectivity, &sets)
    var numbers: [Int: Int] = [:]
    var parts: [Part] = []
    let owners = runs.indices.map { index -> Int in
      let root = sets.root(index)
      let part = numbers[root] ?? parts.count
      if part == parts.count {
        numbers[root] = part
        parts.append(Part(label: runs[index].label, voxels: 0))
      }
      parts[part].voxels += runs[index].end - runs[index].start
      return part
    }
    (self.runs, self.parts, self.owners) = (runs, parts, owners)
  }

  /// The part that each voxel belongs to, from 1, in the order of ``parts``; 0 is the background.
  public func numbers(of grid: Grid) -> [Int32] {
    var numbers = [Int32](repeating: 0, count: grid.count)
    for (run, owner) in zip(runs, owners) {
      for at in run.voxels(rowLength: grid.size.x) { numbers[at] = Int32(owner + 1) }
    }
    return numbers
  }

  /// Sets the voxels of the parts for which `isUnwanted` holds to background.
  public func remove(from mask: inout LabelMap, where isUnwanted: (Int, Part) -> Bool) {
    let unwanted = parts.enumerated().map { isUnwanted($0, $1) }
    let length = mask.grid.size.x
    for (run, owner) in zip(runs, owners) where unwanted[owner] {
      for at in run.voxels(rowLength: length) { mask.labels[at] = 0 }
    }
  }
}

/// Neighbours along x of one class.
private struct Run: Sendable {
  /// y + z · rows of a slice.
  var row: Int
  /// The first x, and the one after the last.
  var start, end: Int
  var label: UInt16

  func voxels(rowLength: Int) -> Range<Int> { row * rowLength + start..<row * rowLength + end }
}

extension Components {
  /// All runs, row after row, and where those of each row begin.
  private static func runs(of mask: LabelMap) -> (runs: [Run], rows: [Int]) {
    let length = mask.grid.size.x
    var runs: [Run] = []
    var rows = [0]
    for row in 0..<mask.grid.size.y * mask.grid.size.z {
      var x = 0
      while x < length {
        let (start, label) = (x, mask.labels[row * length + x])
        repeat { x += 1 } while x < length && mask.labels[row * length + x] == label
        if label != 0 { runs.append(Run(row: row, start: start, end: x, label: label)) }
      }
      rows.append(runs.count)
    }
    return (runs, rows)
  }

  /// Joins each run with those of its class that it touches in the rows before.
  private static func join(
    _ runs: [Run], _ rows: [Int], _ size: SIMD3<Int>, _ connectivity: Connectivity,
    _ sets: inout DisjointSets
  ) {
    let earlier: [(y: Int, z: Int)] =
      connectivity == .faces ? [(-1, 0), (0, -1)] : [(-1, 0), (-1, -1), (0, -1), (1, -1)]
    let reach = connectivity == .faces ? 0 : 1
    for z in 0..<size.z {
      for y in 0..<size.y {
        let own = rows[y + z * size.y]..<rows[y + z * size.y + 1]
        guard !own.isEmpty else { continue }
        for step in earlier where 0..<size.y ~= y + step.y && z + step.z >= 0 {
          let other = y + step.y + (z + step.z) * size.y
          join(runs, own, rows[other]..<rows[other + 1], reach, &sets)
        }
      }
    }
  }

  private static func join(
    _ runs: [Run], _ own: Range<Int>, _ others: Range<Int>, _ reach: Int,
    _ sets: inout DisjointSets
  ) {
    var first = others.lowerBound
    for a in own {
      while first < others.upperBound, runs[first].end + reach <= runs[a].start { first += 1 }
      var b = first
      while b < others.upperBound, runs[b].start < runs[a].end + reach {
        if runs[b].label == runs[a].label { sets.join(a, b) }
        b += 1
      }
    }
  }
}

/// Sets of numbers that are joined two by two (Tarjan, 1975), each known by its least member.
private struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func root(_ member: Int) -> Int {
    var at = member
    while parents[at] != at {
      parents[at] = parents[parents[at]]
      at = parents[at]
    }
    return at
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (one, other) = (root(a), root(b))
    parents[max(one, other)] = min(one, other)
  }
}
