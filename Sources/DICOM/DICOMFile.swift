import CDCMTK

/// An open DICOM file: its bytes read or mapped, walked by our own scan, parsed up to the pixel data.
///
/// Opening and decoding belong in a worker process: DCMTK reads bytes that nobody vouches for.
public final class DICOMFile {
  /// Where reading gives up. The defaults suit hospitals' files.
  public struct Limits: Sendable, Codable, Equatable {
    /// Largest file in bytes, also when inflated.
    public var fileBytes = 4 << 30
    /// Largest element in bytes.
    public var elementBytes = 2 << 30
    /// Most elements and fragments.
    public var elements = 2_000_000
    /// Deepest nesting of sequences.
    public var depth = 64
    /// Most frames.
    public var frames = 65_536
    /// Most rows or columns.
    public var side = 32_768
    /// Most bytes that one file may decode to.
    public var decodedBytes = 8 << 30
    /// How many times larger than its compressed bytes an image above 64 MiB may be.
    public var expansion = 1_000
    /// How many times its deflated bytes a data set above 64 MiB may have.
    public var inflation = 200

    /// The defaults.
    public init() {}
  }

  /// Where the file lies; empty when it was opened from memory.
  public let path: String
  /// Transfer Syntax UID as the meta header has it.
  public let transferSyntax: String
  let handle: OpaquePointer
  let limits: Limits

  /// Opens a file, of which no more is read than is looked at where it is not `whole` that it is wanted.
  /// Throws ``DICOMError`` for whatever is no readable DICOM file.
  public convenience init(
    path: String, limits: Limits = Limits(), whole: Bool = true
  ) throws(DICOMError) {
    try self.init(path: path, limits: limits) { limits, handle, failure in
      dicom_open(path, whole ? 1 : 0, limits, handle, failure)
    }
  }

  /// Opens a copy of a file's bytes.
  public convenience init(bytes: [UInt8], limits: Limits = Limits()) throws(DICOMError) {
    try self.init(path: "", limits: limits) { limits, handle, failure in
      dicom_open_bytes(bytes, bytes.count, limits, handle, failure)
    }
  }

  private init(
    path: String, limits: Limits,
    open: (
      UnsafePointer<dicom_limits>, UnsafeMutablePointer<OpaquePointer?>,
      UnsafeMutablePointer<dicom_failure>
    ) -> dicom_status
  ) throws(DICOMError) {
    var bounds = dicom_limits(
      file_bytes: max(0, limits.fileBytes), element_bytes: max(0, limits.elementBytes),
      elements: max(0, limits.elements), inflate_ratio: max(0, limits.inflation),
      depth: Int32(clamping: limits.depth))
    var failure = dicom_failure()
    var opened: OpaquePointer?
    let status = open(&bounds, &opened, &failure)
    guard status == DICOM_OK, let opened else { throw DICOMError(status, failure, path: path) }
    (self.path, self.limits, handle) = (path, limits, opened)
    transferSyntax = String(cString: dicom_syntax(opened))
  }

  deinit { dicom_close(handle) }

  /// The data set, valid as long as the file.
  var root: DICOMItem { DICOMItem(handle: dicom_root(handle)) }

  /// Reads the header of a file; see ``DICOMHeader``. Without `digest` the pixel bytes, which are
  /// most of the file, are not read, and the header has no digest of them.
  public static func header(
    _ path: String, limits: Limits = Limits(), digest: Bool = true
  ) throws(DICOMError) -> DICOMHeader {
    try DICOMFile(path: path, limits: limits, whole: digest).header(digest: digest)
  }

  /// What the header says of the pixels beside what the file holds.
  func describe(digest: Bool) throws(DICOMError) -> dicom_pixels {
    var pixels = dicom_pixels()
    var failure = dicom_failure()
    let status = dicom_describe(handle, digest ? 1 : 0, &pixels, &failure)
    guard status == DICOM_OK else { throw DICOMError(status, failure, path: path) }
    return pixels
  }

  /// Decodes one frame into `buffer`, whose size must be ``PixelFormat/frameBytes``: stored
  /// values, little endian, samples × rows × columns, sign extended, passed through the modality
  /// lookup table where there is one.
  public func decode(
    frame: Int, format: PixelFormat, into buffer: UnsafeMutableRawBufferPointer
  ) throws(DICOMError) {
    guard format.lookup != nil else { return try decodeStored(frame, format, buffer) }
    guard let table = try modalityTable(root, format), table.summary == format.lookup else {
      throw .changed(path: path)
    }
    let stored = UnsafeMutableRawBufferPointer.allocate(
      byteCount: format.storedFrameBytes, alignment: 16)
    defer { stored.deallocate() }
    try decodeStored(frame, format, stored)
    table.apply(UnsafeRawBufferPointer(stored), format.storedType, into: buffer)
  }

  private func decodeStored(
    _ frame: Int, _ format: PixelFormat, _ buffer: UnsafeMutableRawBufferPointer
  ) throws(DICOMError) {
    var failure = dicom_failure()
    let status = dicom_frame(
      handle, UInt32(clamping: frame), buffer.baseAddress, buffer.count, &failure)
    guard status == DICOM_OK else {
      throw DICOMError(status, failure, path: path, frame: frame)
    }
    format.normalise(buffer)
  }
}

extension DICOMError {
  /// The shim's status and sentence as an error.
  init(_ status: dicom_status, _ failure: dicom_failure, path: String, frame: Int? = nil) {
    let reason = withUnsafeBytes(of: failure.text) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    self =
      switch status {
      case DICOM_IO: .unreadable(path: path, reason: reason)
      case DICOM_NOT_DICOM: .notDICOM(path: path, reason: reason)
      case DICOM_MALFORMED: .malformed(path: path, reason: reason)
      case DICOM_LIMIT: .limit(path: path, reason: reason)
      case DICOM_UNSUPPORTED: .unsupported(path: path, reason: reason)
      case DICOM_PIXELS: .pixels(path: path, reason: reason)
      case DICOM_DECODER: .decoding(path: path, frame: frame ?? 0, reason: reason)
      default: .failure(path: path, reason: reason)
      }
  }
}
