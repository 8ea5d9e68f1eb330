import CNIfTI
import Imaging

extension NIfTIFile {
  /// Writes a volume as `.nii` or, gzipped, `.nii.gz`; the same volume always gives the same bytes.
  ///
  /// Both forms are written, save for a sheared grid, which only the sform can say. With the header
  /// that the volume was read with, the forms' codes and, on an unchanged grid, the forms
  /// themselves are the source's; without one both codes are 1 (scanner). `timeStep` is in seconds.
  /// Scaling that differs by slice, which NIfTI cannot say, is applied and float32 written.
  /// NIfTI-2 is used only when a dimension exceeds 32 767.
  public static func write(
    _ volume: Volume, to path: String, like header: NIfTIHeader? = nil, timeStep: Double? = nil
  ) throws(NIfTIError) {
    try write(volume, to: path, like: header, timeStep: timeStep, plain: false)
  }

  /// Writes a mask, `uint8` or beyond class 255 `uint16`, placed as ``write(_:to:like:timeStep:)``
  /// does: with the header of its image it lies where its image lies.
  public static func write(
    _ mask: LabelMap, to path: String, like header: NIfTIHeader? = nil
  ) throws(NIfTIError) {
    try write(mask.volume, to: path, like: header, timeStep: nil, plain: true)
  }

  private static func write(
    _ volume: Volume, to path: String, like header: NIfTIHeader?, timeStep: Double?, plain: Bool
  ) throws(NIfTIError) {
    let lower = path.lowercased()
    guard lower.hasSuffix(".nii") || lower.hasSuffix(".nii.gz") else {
      throw .unwritable(path: path, reason: "its name must end in .nii or .nii.gz")
    }
    let sayable = withSayableScaling(volume)
    guard let start = headerBytes(sayable, like: header, timeStep: timeStep, plain: plain) else {
      throw .unwritable(path: path, reason: "niftilib refuses its header")
    }
    let gzip = lower.hasSuffix(".gz")
    try withBytes(of: start, sayable.bytes) { parts throws(NIfTIError) in
      try replaceFile(path, gzip: gzip, parts)
    }
  }

  /// The header and the four bytes that say that no extension follows.
  private static func headerBytes(
    _ volume: Volume, like header: NIfTIHeader?, timeStep: Double?, plain: Bool
  ) -> [UInt8]? {
    let placed = PlacedForms(volume.grid, like: header)
    var fields = placed.fields
    let size = volume.grid.size
    let lead = volume.leading.count
    fields.dim = (
      lead > 1 ? 4 : 3, Int64(size.x), Int64(size.y), Int64(size.z), Int64(lead), 1, 1, 1
    )
    fields.version = max(size.x, size.y, size.z, lead) > 32_767 ? 2 : 1
    fields.datatype = volume.type.niftiCode
    if volume.scaling != .identity {
      (fields.slope, fields.intercept) = volume.scaling.pair(slice: 0)
    }
    setTime(&fields, volume.leading, timeStep: timeStep ?? header?.timeStep)
    var bytes = [UInt8](repeating: 0, count: 540)
    let like = header?.bytes ?? []
    let count = like.withUnsafeBufferPointer { like in
      cnifti_build(
        &fields, header == nil ? nil : like.baseAddress, Int32(header?.version ?? 0),
        plain ? 1 : 0, placed.verbatim ? 1 : 0, &bytes)
    }
    return count > 0 ? Array(bytes.prefix(Int(count))) + [0, 0, 0, 0] : nil
  }

  /// Seconds where a step is known; else what the source's header has, if it holds here at all.
  private static func setTime(
    _ fields: inout cnifti_fields, _ leading: LeadingAxis, timeStep: Double?
  ) {
    if case .channel = leading { return }
    guard let timeStep else { return }
    (fields.pixdim.4, fields.time_units) = (timeStep, 8)  // NIFTI_UNITS_SEC
  }

  /// One pair for the volume that survives the header's single precision, or real values.
  private static func withSayableScaling(_ volume: Volume) -> Volume {
    var result = volume
    result.scaling = volume.scaling.simplified
    switch result.scaling {
    case .identity: return result
    case .uniform(let slope, let intercept)
    where Float(slope).isNormal && Float(intercept).isFinite: return result
    default: break
    }
    let reals = (0..<volume.leading.count).flatMap { volume.values(lead: $0) }
    return Volume(grid: volume.grid, leading: volume.leading, values: reals)
  }
}

/// The fields of a header that place a grid, and whether `like` says them already.
private struct PlacedForms {
  var fields = cnifti_fields()
  let verbatim: Bool

  init(_ grid: Grid, like header: NIfTIHeader?) {
    let same = header.map { $0.grid.matches(grid, tolerance: 1e-4) } ?? false
    let sound = header.map { $0.findings.allSatisfy(Self.survives) } ?? false
    let sheared = grid.affine.isSheared
    verbatim = same && sound
    var codes = header.map { ($0.qformCode, $0.sformCode) } ?? (1, 1)
    if codes == (0, 0) && !verbatim { codes = (1, 1) }
    if sheared { codes = (0, max(codes.1, 1)) }
    (fields.qform_code, fields.sform_code) = (Int32(codes.0), Int32(codes.1))
    fields.qform = grid.affine.rows
    fields.sform = grid.affine.rows
    let spacing = grid.affine.spacing
    fields.pixdim = (1, spacing.x, spacing.y, spacing.z, 1, 1, 1, 1)
    if let own = header?.fields {
      if verbatim { fields.pixdim = own.pixdim }
      (fields.toffset, fields.time_units) = (own.toffset, own.time_units)
    }
    fields.xyz_units = 2  // NIFTI_UNITS_MM
  }

  private static func survives(_ finding: NIfTIFinding) -> Bool {
    switch finding {
    case .orientationUnknown, .formsDisagree, .nonFiniteVoxels: true
    case .unusableSform, .unusableQform, .unitsConverted: false
    }
  }
}

/// Hands over two arrays as one list of parts, without copying either.
private func withBytes(
  of first: [UInt8], _ second: [UInt8],
  _ body: ([UnsafeRawBufferPointer]) throws(NIfTIError) -> Void
) throws(NIfTIError) {
  var failure: NIfTIError?
  first.withUnsafeBytes { one in
    second.withUnsafeBytes { two in
      do throws(NIfTIError) { try body([one, two]) } catch { failure = error }
    }
  }
  if let failure { throw failure }
}
