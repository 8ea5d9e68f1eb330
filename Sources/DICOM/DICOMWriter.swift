import CDCMTK

/// Writes one Part 10 file through DCMTK, for synthetic patients and tests.
public final class DICOMWriter {
  private let handle: OpaquePointer

  /// An empty data set.
  public init() {
    guard let handle = dicom_writer_new() else { preconditionFailure("out of memory") }
    self.handle = handle
  }

  deinit { dicom_writer_free(handle) }

  /// The data set itself.
  public var root: Item { Item(handle: dicom_writer_root(handle), writer: self) }

  /// A data set, or an item of a sequence. It keeps its writer alive.
  public struct Item {
    let handle: OpaquePointer
    let writer: DICOMWriter

    /// Sets a text attribute; DS and IS are texts too.
    public func put(_ tag: UInt32, _ vr: String, _ text: String) throws(DICOMError) {
      try check { dicom_put_text(handle, tag, vr, text, &$0) }
    }

    /// Sets decimal strings of at most 16 characters (PS3.5 6.2).
    public func put(_ tag: UInt32, decimals: [Double]) throws(DICOMError) {
      try put(tag, "DS", decimals.map(Self.decimal).joined(separator: "\\"))
    }

    /// Sets numbers of VR US, SS, UL, SL, FL or FD.
    public func put(_ tag: UInt32, _ vr: String, numbers: [Double]) throws(DICOMError) {
      try check { dicom_put_numbers(handle, tag, vr, numbers, numbers.count, &$0) }
    }

    /// Sets bytes of VR OB or UN.
    public func put(_ tag: UInt32, _ vr: String, bytes: [UInt8]) throws(DICOMError) {
      try check { dicom_put_bytes(handle, tag, vr, bytes, bytes.count, &$0) }
    }

    /// Appends an item to a sequence.
    public func addItem(_ tag: UInt32) throws(DICOMError) -> Item {
      var added: OpaquePointer?
      try check { dicom_add_item(handle, tag, &added, &$0) }
      guard let added else { throw .failure(path: "", reason: "no item was made") }
      return Item(handle: added, writer: writer)
    }

    private static func decimal(_ value: Double) -> String {
      let text = "\(value)"
      guard text.utf8.count > 16 else { return text }
      let whole = "\(Int(value.magnitude))".count + (value < 0 ? 1 : 0)
      let digits = max(0, 15 - whole)
      let scale = (0..<digits).reduce(1.0) { power, _ in power * 10 }
      return String("\((value * scale).rounded() / scale)".prefix(16))
    }
  }

  /// Sets the pixel data: little endian samples of 8 or 16 bits, frames behind one another.
  public func putPixels(_ bytes: [UInt8], bits: Int) throws(DICOMError) {
    try check { dicom_put_pixels(handle, bytes, bytes.count, Int32(bits), &$0) }
  }

  /// Writes the file; pixels are encoded as the transfer syntax asks. No transfer syntax may follow
  /// another on one writer.
  public func write(to path: String, transferSyntax: String) throws(DICOMError) {
    try check(path) { dicom_write(handle, transferSyntax, path, &$0) }
  }
}

private func check(
  _ path: String = "", _ body: (inout dicom_failure) -> dicom_status
) throws(DICOMError) {
  var failure = dicom_failure()
  let status = body(&failure)
  guard status == DICOM_OK else { throw DICOMError(status, failure, path: path) }
}
