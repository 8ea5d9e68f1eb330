/// What is wrong with a file or a series, as data; ``code`` is stable, ``description`` is for people.
public enum DICOMError: Error, Sendable, Equatable, Codable {
  /// The file cannot be opened, read or written.
  case unreadable(path: String, reason: String)
  /// The bytes are no DICOM file.
  case notDICOM(path: String, reason: String)
  /// Lengths, tags or delimiters that do not fit one another.
  case malformed(path: String, reason: String)
  /// Nesting, number of elements or size above the limit.
  case limit(path: String, reason: String)
  /// A transfer syntax for which there is no decoder here.
  case transferSyntax(path: String, uid: String, name: String)
  /// A kind of image that is not taken.
  case unsupported(path: String, reason: String)
  /// Pixel data that contradict the header.
  case pixels(path: String, reason: String)
  /// A decoder reported an error.
  case decoding(path: String, frame: Int, reason: String)
  /// No place in the patient, or one that makes no sense.
  case geometry(path: String, reason: String)
  /// The slices of a series do not form a volume.
  case slices(seriesUID: String, reason: String)
  /// The pictures may show whose they are.
  case burnedIn(seriesUID: String, reason: String)
  /// The file is no longer what it was when its header was read.
  case changed(path: String)
  /// A program error below: an exception of a library.
  case failure(path: String, reason: String)

  /// A word that does not change from version to version.
  public var code: String {
    switch self {
    case .unreadable: "unreadable"
    case .notDICOM: "not-dicom"
    case .malformed: "malformed"
    case .limit: "limit"
    case .transferSyntax: "transfer-syntax"
    case .unsupported: "unsupported"
    case .pixels: "pixels"
    case .decoding: "decoding"
    case .geometry: "geometry"
    case .slices: "slices"
    case .burnedIn: "burned-in"
    case .changed: "changed"
    case .failure: "failure"
    }
  }

  /// The reason without the path or UID that it is about, so that it may be shared.
  ///
  /// Reasons hold numbers and tags of the file, never its text.
  public var reason: String {
    switch self {
    case .transferSyntax(_, let uid, let name): "no decoder for \(name) (\(uid))"
    case .changed: "the file has changed since its header was read"
    case .unreadable(_, let reason), .notDICOM(_, let reason), .malformed(_, let reason),
      .limit(_, let reason), .unsupported(_, let reason), .pixels(_, let reason),
      .geometry(_, let reason), .slices(_, let reason), .burnedIn(_, let reason),
      .failure(_, let reason):
      reason
    case .decoding(_, let frame, let reason): "frame \(frame + 1): \(reason)"
    }
  }
}

extension DICOMError: CustomStringConvertible {
  /// One sentence: which file or series, and what is wrong with it.
  public var description: String {
    switch self {
    case .unreadable(let path, _), .notDICOM(let path, _), .malformed(let path, _),
      .limit(let path, _), .transferSyntax(let path, _, _), .unsupported(let path, _),
      .pixels(let path, _), .decoding(let path, _, _), .geometry(let path, _), .changed(let path),
      .failure(let path, _):
      "\(path): \(reason)"
    case .slices(let uid, _), .burnedIn(let uid, _):
      "series \(uid): \(reason)"
    }
  }
}
