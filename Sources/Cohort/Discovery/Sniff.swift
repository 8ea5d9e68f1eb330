import Foundation
import NIfTI
import Zarr

/// What a file's first bytes and name say that it is.
package enum Sniff: Equatable {
  case dicom
  /// It may be DICOM without a preamble: no loss if it is not.
  case perhapsDICOM
  case nifti
  /// The voxels of a pair, read with their header.
  case niftiVoxels
  /// A `.zip`, `.tar` or `.tar.gz`.
  case archive
  case other

  /// Reads at most 352 bytes; nothing is parsed but fixed places.
  package init(path: String, first bytes: [UInt8]) {
    if bytes.count >= 132, bytes[128..<132].elementsEqual("DICM".utf8) {
      self = .dicom
      return
    }
    let name = fileName(of: path).lowercased()
    func has(_ ending: String) -> Bool { name.hasSuffix(ending) }
    if NIfTIFile.hasName(path) {
      self = NIfTIFile.isVoxels(path) && Self.partner(of: path) != nil ? .niftiVoxels : .nifti
    } else if Self.isNIfTI(bytes) {
      self = .nifti
    } else if has(".dcm.gz") || has(".ima.gz") {
      self = .dicom
    } else if Self.isArchive(name, bytes) {
      self = .archive
    } else if has(".dcm") || has(".ima") || has(".dicom") {
      self = .dicom
    } else {
      self = Self.looksLikeDataSet(bytes) ? .perhapsDICOM : .other
    }
  }

  /// By the first bytes; gzip may be anything, so there the name says that a tar is in it.
  private static func isArchive(_ name: String, _ bytes: [UInt8]) -> Bool {
    if bytes.starts(with: [0x50, 0x4B, 3, 4]) { return name.hasSuffix(".zip") }
    if bytes.count >= 262, Array(bytes[257..<262]) == Array("ustar".utf8) { return true }
    return bytes.starts(with: [0x1F, 0x8B]) && (name.hasSuffix(".tar.gz") || name.hasSuffix(".tgz"))
  }

  /// sizeof_hdr and magic, in either order of bytes.
  private static func isNIfTI(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 348 else { return false }
    let size = bytes[0..<4].reduce(0) { $0 << 8 | Int($1) }
    let magic = Array(bytes[344..<346])
    let second = Array(bytes[4..<6])
    switch size {
    case 348, 0x5C01_0000: return magic == [0x6E, 0x2B] || magic == [0x6E, 0x69]
    case 540, 0x1C02_0000: return second == [0x6E, 0x2B] || second == [0x6E, 0x69]
    default: return false
    }
  }

  /// Begins with an element of group 0002 or 0008, in either order of bytes.
  private static func looksLikeDataSet(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 16 else { return false }
    let groups: [[UInt8]] = [[2, 0], [8, 0], [0, 2], [0, 8]]
    guard groups.contains(Array(bytes[0..<2])) else { return false }
    return bytes[0] == 0 ? bytes[2] == 0 : bytes[3] == 0
  }

  /// The voxels of a pair's header, if they lie beside it.
  package static func voxels(of header: String) -> String? {
    NIfTIFile.isHeader(header) ? partner(of: header) : nil
  }

  private static func partner(of path: String) -> String? {
    NIfTIFile.partners(of: path)?.first { access($0, R_OK) == 0 }
  }
}
