/// Where the voxels of a grid lie in the patient: a 4×4 matrix from an index `(x, y, z)` to
/// millimetres in DICOM's LPS frame (PS3.3 C.7.6.2.1.1), kept as its four columns.
///
/// NIfTI's RAS matrices enter by ``init(ras:)`` and leave by ``ras``; inside, one frame only.
public struct Affine: Sendable, Codable, Equatable {
  /// The step in millimetres for one index along x, y and z.
  public var x, y, z: SIMD3<Double>
  /// The place in millimetres of the centre of voxel (0, 0, 0).
  public var origin: SIMD3<Double>

  /// Makes the matrix whose columns these are.
  public init(
    x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>, origin: SIMD3<Double>
  ) {
    (self.x, self.y, self.z, self.origin) = (x, y, z, origin)
  }

  /// Makes an unrotated matrix with this spacing in millimetres.
  public init(spacing: SIMD3<Double>, origin: SIMD3<Double> = .zero) {
    self.init(
      x: SIMD3(spacing.x, 0, 0), y: SIMD3(0, spacing.y, 0), z: SIMD3(0, 0, spacing.z),
      origin: origin)
  }

  /// The identity: one millimetre a voxel, along the patient's axes.
  public static let identity = Affine(spacing: SIMD3(1, 1, 1))

  /// The place in millimetres of an index, which may lie between voxels.
  public func callAsFunction(_ index: SIMD3<Double>) -> SIMD3<Double> {
    x * index.x + y * index.y + z * index.z + origin
  }

  /// The column of an axis: 0 is x, 1 is y, 2 is z.
  public subscript(column axis: Int) -> SIMD3<Double> {
    get { axis == 0 ? x : axis == 1 ? y : z }
    set {
      switch axis {
      case 0: x = newValue
      case 1: y = newValue
      default: z = newValue
      }
    }
  }

  /// Applies `second` first, then `first`.
  public static func * (first: Affine, second: Affine) -> Affine {
    func turned(_ v: SIMD3<Double>) -> SIMD3<Double> {
      first.x * v.x + first.y * v.y + first.z * v.z
    }
    return Affine(
      x: turned(second.x), y: turned(second.y), z: turned(second.z), origin: first(second.origin))
  }

  /// The volume of a voxel in mm³; negative for a left-handed grid.
  public var determinant: Double { dot(x, cross(y, z)) }

  /// From millimetres back to an index.
  ///
  /// The matrix must be regular: readers refuse a singular one before it gets here.
  public var inverse: Affine {
    let volume = determinant
    precondition(volume != 0, "a singular affine has no inverse")
    let (a, b, c) = (cross(y, z) / volume, cross(z, x) / volume, cross(x, y) / volume)  // rows
    let linear = Affine(
      x: SIMD3(a.x, b.x, c.x), y: SIMD3(a.y, b.y, c.y), z: SIMD3(a.z, b.z, c.z), origin: .zero)
    var result = linear
    result.origin = -linear(origin)
    return result
  }

  /// The matrix after moving the origin to `index`.
  public func shifted(to index: SIMD3<Double>) -> Affine {
    Affine(x: x, y: y, z: z, origin: self(index))
  }
}

/// The scalar product.
public func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }

/// The vector product.
public func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

/// The Euclidean length.
public func length(_ a: SIMD3<Double>) -> Double { dot(a, a).squareRoot() }
