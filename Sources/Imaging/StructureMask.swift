/// The voxels of one structure on a grid: a bit a voxel, of the slices along z that it touches.
///
/// Structures may overlap; each has a mask of its own, and an organ costs no more than its slices.
public struct StructureMask: Sendable, Equatable {
  /// Where the voxels lie.
  public let grid: Grid
  /// Bits by slice: voxel `y × size.x + x` is bit `i & 7` of byte `i >> 3`.
  public private(set) var planes: [Int: [UInt8]] = [:]

  /// Nothing yet.
  public init(grid: Grid) { self.grid = grid }

  /// Bytes of one slice.
  public static func planeBytes(_ grid: Grid) -> Int { (grid.sliceCount + 7) / 8 }

  /// Slices that have a plane, in rising order.
  public var slices: [Int] { planes.keys.sorted() }

  /// Takes the bits of a whole slice, of ``planeBytes(_:)`` bytes; bits past its end are cleared.
  public mutating func set(slice z: Int, bits: [UInt8]) {
    precondition((0..<grid.size.z).contains(z) && bits.count == Self.planeBytes(grid))
    var bits = bits
    let rest = grid.sliceCount & 7
    if rest != 0 { bits[bits.count - 1] &= UInt8(1 << rest) - 1 }
    planes[z] = bits
  }

  /// Adds one voxel of the grid.
  public mutating func insert(_ x: Int, _ y: Int, _ z: Int) {
    let place = y * grid.size.x + x
    change(slice: z) { $0[place >> 3] |= 1 << UInt8(place & 7) }
  }

  /// Changes the bits of a slice in place, which begin as zeros.
  public mutating func change(slice z: Int, _ body: (inout [UInt8]) -> Void) {
    body(&planes[z, default: [UInt8](repeating: 0, count: Self.planeBytes(grid))])
  }

  /// Whether a voxel belongs to the structure.
  public func contains(_ x: Int, _ y: Int, _ z: Int) -> Bool {
    let place = y * grid.size.x + x
    return planes[z].map { $0[place >> 3] >> UInt8(place & 7) & 1 == 1 } ?? false
  }

  /// The number of its voxels.
  public var count: Int {
    planes.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.nonzeroBitCount } }
  }

  /// Whether both have a voxel in common.
  public func intersects(_ other: StructureMask) -> Bool {
    planes.contains { z, bits in
      other.planes[z].map { zip(bits, $0).contains { $0 & $1 != 0 } } ?? false
    }
  }

  /// Adds the voxels of another structure of the same grid.
  public mutating func formUnion(_ other: StructureMask) {
    for (z, more) in other.planes {
      change(slice: z) { bits in for i in bits.indices { bits[i] |= more[i] } }
    }
  }

  /// Writes `label` wherever the structure is in slice z, `[y, x]`.
  public func paint(_ label: UInt16, slice z: Int, into labels: inout [UInt16]) {
    for (byte, value) in (planes[z] ?? []).enumerated() where value != 0 {
      for bit in 0..<8 where value >> UInt8(bit) & 1 == 1 { labels[byte * 8 + bit] = label }
    }
  }
}
