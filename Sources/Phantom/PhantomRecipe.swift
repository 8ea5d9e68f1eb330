import DICOM
import Imaging

/// How the slices of a synthetic scan lie in the patient.
public enum PhantomPlane: String, Codable, Sendable, CaseIterable {
  /// Rows towards the patient's left, columns towards the back.
  case axial
  /// Rows towards the back, columns towards the feet.
  case sagittal
  /// Rows towards the left, columns towards the feet.
  case coronal
  /// Axial, turned about two axes.
  case oblique
  /// Axial, the patient on the left side: rows towards the front, columns towards the left.
  case decubitus
  /// Axial from the head to the feet: rows towards the right, columns towards the back.
  case feetFirst = "feet-first"

  /// Directions of rising column and row index.
  var axes: (right: SIMD3<Double>, down: SIMD3<Double>) {
    switch self {
    case .axial: (SIMD3(1, 0, 0), SIMD3(0, 1, 0))
    case .sagittal: (SIMD3(0, 1, 0), SIMD3(0, 0, -1))
    case .coronal: (SIMD3(1, 0, 0), SIMD3(0, 0, -1))
    case .decubitus: (SIMD3(0, -1, 0), SIMD3(1, 0, 0))
    case .feetFirst: (SIMD3(-1, 0, 0), SIMD3(0, 1, 0))
    // Pythagorean triples: unit vectors without rounding.
    case .oblique: (SIMD3(0.96, 0.28 * 0.6, -0.28 * 0.8), SIMD3(0, 0.8, 0.6))
    }
  }
}

/// What to synthesise. The same recipe gives the same bytes.
public struct PhantomRecipe: Codable, Sendable, Equatable {
  /// Number of patients, one scan each.
  public var patients: Int
  /// What everything random depends on.
  public var seed: UInt64
  /// Columns and rows of a slice, and slices.
  public var size = SIMD3(96, 96, 24)
  /// Millimetres between pixels.
  public var pixelSpacing = 1.8
  /// Millimetres between slices.
  public var sliceSpacing = 5.0
  /// Planes, patient by patient, over and over.
  public var planes: [PhantomPlane] = [
    .axial, .oblique, .axial, .sagittal, .axial, .oblique, .axial, .coronal,
  ]
  /// Transfer syntaxes, patient by patient, over and over.
  public var transferSyntaxes = [
    TransferSyntax.explicitLittleEndian, TransferSyntax.implicitLittleEndian, TransferSyntax.rle,
    TransferSyntax.jpegLossless, TransferSyntax.jpegLSLossless,
  ]

  /// So many patients, drawn from `seed`.
  public init(patients: Int, seed: UInt64 = 1) {
    (self.patients, self.seed) = (patients, seed)
  }
}

extension PhantomRecipe {
  /// The plane of one patient's scan.
  func plane(_ patient: Int) -> PhantomPlane {
    planes.isEmpty ? .axial : planes[patient % planes.count]
  }

  /// The transfer syntax of one patient's files.
  func transferSyntax(_ patient: Int) -> String {
    transferSyntaxes.isEmpty
      ? TransferSyntax.explicitLittleEndian : transferSyntaxes[patient % transferSyntaxes.count]
  }

  /// The grid of one patient's scan: around the patient, in the order of DICOM's pixels.
  func grid(_ patient: Int) -> Grid {
    let (right, down) = plane(patient).axes
    let x = right * pixelSpacing
    let y = down * pixelSpacing
    let z = cross(right, down) * sliceSpacing
    var random = PhantomRandom(seed: seed, UInt64(patient), 2)
    let extent = SIMD3<Double>(size) - 1
    let middle = (x * extent.x + y * extent.y + z * extent.z) * 0.5
    return Grid(
      size: size, affine: Affine(x: x, y: y, z: z, origin: random.inBall(8) - middle))
  }
}
