import CNIfTI
import Imaging

/// Which of a header's three ways to place its voxels holds (`nifti1.h`, methods 1–3): the sform
/// if it has a code and is regular, else the qform, else the voxel sizes alone.
struct Placement {
  let affine: Affine
  let findings: [NIfTIFinding]

  init(_ fields: cnifti_fields, size: SIMD3<Int>, path: String) throws(NIfTIError) {
    let unit = millimetres(fields.xyz_units)
    let sform = fields.sform_code > 0 ? Affine(rows: fields.sform, unit: unit) : nil
    let qform = fields.qform_code > 0 ? Affine(rows: fields.qform, unit: unit) : nil
    var found = [NIfTIFinding]()
    if unit != 1 { found.append(.unitsConverted(millimetres: unit)) }
    if sform?.isUsable == false { found.append(.unusableSform) }
    if qform?.isUsable == false { found.append(.unusableQform) }
    let usable = [sform, qform].compactMap { $0 }.filter(\.isUsable)
    if usable.count == 2 {
      let apart = usable[0].distance(to: usable[1], over: size)
      if apart > 1e-3 { found.append(.formsDisagree(millimetres: apart)) }
    }
    if let first = usable.first {
      affine = first
    } else {
      affine = try Self.bySizes(fields, unit: unit, path: path)
      found.append(.orientationUnknown)
    }
    findings = found
  }

  private static func bySizes(
    _ fields: cnifti_fields, unit: Double, path: String
  ) throws(NIfTIError) -> Affine {
    let steps = [fields.pixdim.1, fields.pixdim.2, fields.pixdim.3].map { abs($0) * unit }
    let rows = (0..<3).map { row in (0..<4).map { $0 == row ? steps[row] : 0 } }
    let affine = Affine(ras: rows)
    guard affine.isUsable else { throw .unplaceable(path: path) }
    return affine
  }
}

/// Twelve numbers of a C struct: the rows of a 3×4 matrix.
typealias Rows = (
  Double, Double, Double, Double, Double, Double, Double, Double, Double, Double, Double, Double
)

extension Affine {
  init(rows: Rows, unit: Double) {
    self.init(
      ras: [
        [rows.0, rows.1, rows.2, rows.3], [rows.4, rows.5, rows.6, rows.7],
        [rows.8, rows.9, rows.10, rows.11],
      ].map { row in row.map { $0 * unit } })
  }

  /// Whether voxels can be where this says: a regular matrix with steps of a nanometre to a
  /// kilometre.
  var isUsable: Bool {
    let steps = spacing
    return isRegular && (0..<3).allSatisfy { steps[$0] > 1e-6 && steps[$0] < 1e6 }
  }

  /// The matrix in NIfTI's frame.
  var rows: Rows {
    let r = ras
    return (
      r[0][0], r[0][1], r[0][2], r[0][3], r[1][0], r[1][1], r[1][2], r[1][3], r[2][0], r[2][1],
      r[2][2], r[2][3]
    )
  }
}

/// Millimetres in a unit of length (`nifti1.h`, NIFTI_UNITS_*); an unknown one is taken for mm.
func millimetres(_ units: Int32) -> Double { units == 1 ? 1000 : units == 3 ? 1e-3 : 1 }
