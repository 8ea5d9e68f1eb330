import CNIfTI
import Foundation
import Imaging

/// A sound header without its free text: what a mask needs to come out as its image went in.
///
/// It is in this machine's order of bytes; `descrip`, `aux_file`, `intent_name`, `db_name` and the
/// other unused fields are zero, since scanners and converters put times and names there; so are
/// the intent, and a form without a code, which may hold anything.
public struct NIfTIHeader: Sendable, Equatable {
  /// 348 bytes of NIfTI-1 or 540 of NIfTI-2.
  public let bytes: [UInt8]
  /// 1 or 2.
  public let version: Int
  /// Where the voxels lie, in LPS millimetres.
  public let grid: Grid
  /// How a voxel is stored.
  public let type: VoxelType
  /// The size of the fourth dimension, 1 for a plain volume.
  public let fourth: Int
  /// From stored to real values; a slope that is 0 or no number means none (`nifti1.h`, scl_slope).
  public let scaling: Scaling
  /// The codes of the two forms: 0 unknown, 1 scanner, 2 aligned, 3 Talairach, 4 MNI, 5 template.
  public let qformCode, sformCode: Int
  /// Seconds between time points, where a fourth dimension and its unit say so.
  public let timeStep: Double?
  /// What was odd about the placement.
  public let findings: [NIfTIFinding]

  let fields: cnifti_fields

  /// Takes a header from a store, as ``bytes`` gave it.
  public init(bytes: [UInt8]) throws(NIfTIError) {
    try self.init(RawHeader(bytes, path: "header"), path: "header")
  }

  /// Takes a header from a store, as ``base64`` gave it.
  public init(base64: String) throws(NIfTIError) {
    guard let data = Data(base64Encoded: base64) else {
      throw .notNIfTI(path: "header", reason: "it is not base64")
    }
    try self.init(bytes: [UInt8](data))
  }

  /// The bytes as text for a store.
  public var base64: String { Data(bytes).base64EncodedString() }

  init(_ raw: RawHeader, path: String) throws(NIfTIError) {
    var cleaned = raw.bytes
    if raw.bigEndian { cnifti_swap(&cleaned, raw.version) }
    Self.clean(&cleaned, version: raw.version)
    var fields = cnifti_fields()
    guard cnifti_parse(cleaned, raw.version, &fields) == 0 else {
      throw .badHeader(path: path, field: "header", value: "refused by niftilib")
    }
    let size = SIMD3(raw.dimensions[0], raw.dimensions[1], raw.dimensions[2])
    let placement = try Placement(fields, size: size, path: path)
    (bytes, version, self.fields, type) = (cleaned, Int(raw.version), fields, raw.type)
    grid = Grid(size: size, affine: placement.affine)
    findings = placement.findings
    fourth = raw.dimensions.count > 3 ? raw.dimensions[3] : 1
    scaling = Self.scaling(slope: fields.slope, intercept: fields.intercept)
    (qformCode, sformCode) = (Int(fields.qform_code), Int(fields.sform_code))
    timeStep = Self.timeStep(fields)
  }

  /// Zeroes free text and what has no meaning in a header of this machine's order of bytes.
  private static func clean(_ bytes: inout [UInt8], version: Int32) {
    // NIfTI-1: data_type…regular, glmax and glmin, descrip and aux_file, intent_name.
    // NIfTI-2: descrip and aux_file, intent_name, unused_str.
    let ranges =
      version == 2
      ? [240..<344, 508..<524, 525..<540] : [4..<39, 140..<148, 148..<252, 328..<344]
    let intent = version == 2 ? [80..<104, 504..<508] : [56..<70]
    let fields = Fields(bytes: bytes, bigEndian: false)
    let codes =
      version == 2
      ? (fields.int32(344), fields.int32(348))
      : (Int32(fields.int16(252)), Int32(fields.int16(254)))
    let quaternion = version == 2 ? 352..<400 : 256..<280
    let matrix = version == 2 ? 400..<496 : 280..<328
    let forms = (codes.0 > 0 ? [] : [quaternion]) + (codes.1 > 0 ? [] : [matrix])
    for range in ranges + intent + forms { for at in range { bytes[at] = 0 } }
  }

  private static func scaling(slope: Double, intercept: Double) -> Scaling {
    guard slope.isFinite, slope != 0 else { return .identity }
    let shift = intercept.isFinite ? intercept : 0
    return Scaling.uniform(slope: slope, intercept: shift).simplified
  }

  private static func timeStep(_ fields: cnifti_fields) -> Double? {
    let units: [Int32: Double] = [8: 1, 16: 1e-3, 24: 1e-6]
    guard fields.dim.0 >= 4, let unit = units[fields.time_units] else { return nil }
    let step = fields.pixdim.4 * unit
    return step.isFinite && step > 0 ? step : nil
  }

  /// Compares the bytes, from which all else follows.
  public static func == (a: NIfTIHeader, b: NIfTIHeader) -> Bool { a.bytes == b.bytes }
}
