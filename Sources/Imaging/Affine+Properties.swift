extension Affine {
  /// Millimetres between voxel centres along x, y and z.
  public var spacing: SIMD3<Double> { SIMD3(length(x), length(y), length(z)) }

  /// The direction cosines of the three axes, each of length 1 (or 0 for a degenerate axis).
  public var direction: [SIMD3<Double>] {
    [x, y, z].map { length($0) > 0 ? $0 / length($0) : .zero }
  }

  /// Whether every number is finite and the voxels have a volume.
  public var isRegular: Bool {
    let numbers = [x, y, z, origin].flatMap { [$0.x, $0.y, $0.z] }
    guard numbers.allSatisfy(\.isFinite) else { return false }
    let lengths = spacing
    return abs(determinant) > 1e-6 * lengths.x * lengths.y * lengths.z && determinant.isFinite
  }

  /// Whether two axes are not perpendicular: a tilted gantry, or a sheared sform.
  ///
  /// A cosine above 1e-4 counts, the tolerance at which ITK refuses a file.
  public var isSheared: Bool { shear > 1e-4 }

  /// The largest absolute cosine between two axes; 0 for a perpendicular grid.
  public var shear: Double {
    let d = direction
    return max(abs(dot(d[0], d[1])), abs(dot(d[1], d[2])), abs(dot(d[0], d[2])))
  }

  /// Rows of the 4×4 matrix in NIfTI's RAS frame: x and y change sign.
  public var ras: [[Double]] {
    [
      [-x.x, -y.x, -z.x, -origin.x],
      [-x.y, -y.y, -z.y, -origin.y],
      [x.z, y.z, z.z, origin.z],
      [0, 0, 0, 1],
    ]
  }

  /// Takes the rows of a 4×4 (or 3×4) matrix in NIfTI's RAS frame.
  public init(ras rows: [[Double]]) {
    func column(_ c: Int) -> SIMD3<Double> { SIMD3(-rows[0][c], -rows[1][c], rows[2][c]) }
    self.init(x: column(0), y: column(1), z: column(2), origin: column(3))
  }

  /// The largest distance in millimetres between the corners of `size` under both matrices.
  ///
  /// It says whether two grids lie at the same place, whatever the size of the numbers.
  public func distance(to other: Affine, over size: SIMD3<Int>) -> Double {
    var worst = 0.0
    for corner in 0..<8 {
      let index = SIMD3(
        corner & 1 == 0 ? 0 : Double(size.x - 1), corner & 2 == 0 ? 0 : Double(size.y - 1),
        corner & 4 == 0 ? 0 : Double(size.z - 1))
      worst = max(worst, length(self(index) - other(index)))
    }
    return worst
  }
}
