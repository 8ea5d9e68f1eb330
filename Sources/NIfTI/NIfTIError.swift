/// What can be wrong with a NIfTI file, or with writing one.
public enum NIfTIError: Error, Sendable, Equatable {
  /// The file cannot be opened or read; `reason` is the system's.
  case unreadable(path: String, reason: String)
  /// The first bytes are no NIfTI header.
  case notNIfTI(path: String, reason: String)
  /// A header field holds what it must not.
  case badHeader(path: String, field: String, value: String)
  /// A sound file of a kind that is not read.
  case unsupported(path: String, what: String)
  /// The file ends before its voxels do. Both counts are in bytes, after inflating.
  case truncated(path: String, expected: Int, found: Int)
  /// The compressed stream contradicts its own checksum.
  case damaged(path: String)
  /// Voxels, or what follows them, take more memory than is allowed.
  case tooLarge(path: String, bytes: Int, limit: Int)
  /// Header of a pair without its image, or the other way round.
  case missingPartner(path: String, partner: String)
  /// Neither form nor the voxel sizes place the voxels.
  case unplaceable(path: String)
  /// The file could not be written; `reason` is the system's.
  case unwritable(path: String, reason: String)
}

extension NIfTIError: CustomStringConvertible {
  /// One sentence: which file, what is wrong, and what to do about it where that is known.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
    case .notNIfTI(let path, let reason): "\(path) is not a NIfTI file: \(reason)."
    case .badHeader(let path, let field, let value):
      "\(path) has a damaged header: \(field) is \(value)."
    case .unsupported(let path, let what): "\(path) holds \(what), which Lamina does not read."
    case .truncated(let path, let expected, let found):
      "\(path) is cut short: \(expected) bytes are needed and \(found) are there; copy it again."
    case .damaged(let path):
      "\(path) is damaged: its compressed data fail their checksum; copy it again."
    case .tooLarge(let path, let bytes, let limit):
      "\(path) would need \(bytes) bytes of memory, more than the limit of \(limit)."
    case .missingPartner(let path, let partner):
      "\(path) is half of a pair: \(partner) is missing beside it."
    case .unplaceable(let path):
      "\(path) does not say where its voxels lie: sform, qform and voxel sizes are all unusable."
    case .unwritable(let path, let reason): "\(path) could not be written: \(reason)."
    }
  }
}
