import Foundation
import Imaging

/// Reading and writing NIfTI: `.nii`, `.nii.gz`, and pairs of `.hdr` and `.img`.
///
/// Headers are checked here before niftilib says what they mean; voxels are read and written by
/// code of ours, since niftilib's does not notice a wrong checksum or a full disk.
public enum NIfTIFile {
  /// Reads a file of NIfTI-1 or NIfTI-2, in either order of bytes, gzipped or not.
  ///
  /// The voxels keep their stored type; slope and intercept become the volume's scaling. A fourth
  /// dimension becomes the leading axis that `fourth` says; more than four are refused. Throws
  /// ``NIfTIError`` for a file that is damaged, cut short, no NIfTI, or of a kind that is not read.
  public static func read(
    _ path: String, fourth: FourthDimension = .time, limits: NIfTILimits = NIfTILimits()
  ) throws(NIfTIError) -> NIfTIImage {
    let (source, raw, header) = try open(path)
    let count = try voxelBytes(header, path: path, limit: limits.voxelBytes)
    let voxels = raw.isPair ? try ByteSource(image(of: path)) : source
    try checkSize(voxels, needed: raw.voxelOffset + count)
    try voxels.skip(to: raw.voxelOffset)
    var bytes = try voxels.read(count)
    guard bytes.count == count else {
      throw .truncated(path: path, expected: count, found: bytes.count)
    }
    if voxels.isGzip { try voxels.drain(limit: limits.trailingBytes) }
    if raw.bigEndian { swapBytes(&bytes, of: header.type) }
    let nonFinite = countNonFinite(bytes, of: header.type)
    let volume = Volume(
      grid: header.grid, leading: leading(header.fourth, fourth), type: header.type, bytes: bytes,
      scaling: header.scaling)
    return NIfTIImage(
      volume: volume, header: header,
      findings: header.findings + (nonFinite > 0 ? [.nonFiniteVoxels(nonFinite)] : []))
  }

  /// Reads the header alone: grid, voxel type, forms. The voxels may still prove to be missing.
  public static func header(_ path: String) throws(NIfTIError) -> NIfTIHeader {
    try open(path).header
  }

  private static func open(
    _ path: String
  ) throws(NIfTIError) -> (source: ByteSource, raw: RawHeader, header: NIfTIHeader) {
    let start = isVoxels(path) ? try partner(of: path) : path
    let first = try ByteSource(start).read(RawHeader.longest)
    let raw = try RawHeader(first, path: start)
    return (try ByteSource(start), raw, try NIfTIHeader(raw, path: path))
  }

  /// The file with the voxels of a pair.
  private static func image(of path: String) throws(NIfTIError) -> String {
    isVoxels(path) ? path : try partner(of: path)
  }

  /// The other file of a pair.
  private static func partner(of path: String) throws(NIfTIError) -> String {
    guard let candidates = partners(of: path) else {
      throw .notNIfTI(path: path, reason: "it is a pair's header without the name of one")
    }
    if let found = candidates.first(where: { access($0, F_OK) == 0 }) { return found }
    throw .missingPartner(path: path, partner: candidates[0])
  }

  private static func voxelBytes(
    _ header: NIfTIHeader, path: String, limit: Int
  ) throws(NIfTIError) -> Int {
    var count = header.type.size
    for size in [header.grid.size.x, header.grid.size.y, header.grid.size.z, header.fourth] {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      count = overflow ? .max : product
      guard count <= limit else { throw .tooLarge(path: path, bytes: count, limit: limit) }
    }
    return count
  }

  /// Deflate holds at most 1 032 bytes in one: more than that is a lie, found before allocating.
  private static func checkSize(_ source: ByteSource, needed: Int) throws(NIfTIError) {
    let most = source.isGzip ? source.size &* 1032 &+ 4096 : source.size
    guard needed <= most else {
      throw .truncated(path: source.path, expected: needed, found: most)
    }
  }

  private static func leading(_ count: Int, _ fourth: FourthDimension) -> LeadingAxis {
    guard count > 1 else { return .none }
    return fourth == .time ? .time(count) : .channel(count)
  }
}
