import CDCMTK

extension DICOMFile {
  /// How the pixels are written, after everything that the file says of them has been compared with
  /// what it holds; nothing is decoded. Throws ``DICOMError`` for what cannot be decoded.
  public func pixelFormat() throws(DICOMError) -> PixelFormat {
    try pixelFormat(digest: false).format
  }

  /// The format, and what it was made from, with digests of the file's bytes where they are wanted.
  func pixelFormat(digest: Bool) throws(DICOMError) -> (format: PixelFormat, pixels: dicom_pixels) {
    func refuse(_ reason: String) -> DICOMError { .unsupported(path: path, reason: reason) }
    let (item, pixels) = (root, try describe(digest: digest))
    guard TransferSyntax.isDecoded(transferSyntax) else {
      throw .transferSyntax(
        path: path, uid: String(transferSyntax.prefix(64)),
        name: TransferSyntax.name(transferSyntax))
    }
    guard pixels.has_pixels != 0 else { throw refuse("an image without pixel data") }
    var format = PixelFormat(
      rows: Int(pixels.rows), columns: Int(pixels.columns), frames: Int(pixels.frames),
      bitsAllocated: Int(pixels.bits_allocated), bitsStored: Int(pixels.bits_stored),
      highBit: Int(pixels.high_bit), isSigned: pixels.is_signed != 0,
      photometric: item.text(Tag.photometric) ?? "")
    (format.samples, format.isFloat) = (Int(pixels.samples), pixels.is_float != 0)
    format.padding = padding(item, Tag.pixelPadding, format)
    format.paddingLimit = padding(item, Tag.pixelPaddingLimit, format)
    try checkColor(format)
    try checkBits(format)
    format.lookup = try modalityTable(item, format)?.summary
    try checkSize(format, pixels)
    return (format, pixels)
  }

  /// The table that stored values pass through (PS3.3 C.11.1); nil where there is none.
  func modalityTable(_ item: DICOMItem, _ format: PixelFormat) throws(DICOMError) -> LookupTable? {
    guard let sequence = item.items(Tag.modalityLUTSequence).first else { return nil }
    guard !item.has(Tag.rescaleSlope) else {
      throw .pixels(path: path, reason: "both a modality lookup table and a rescale slope")
    }
    guard !format.isFloat, !format.isColor,
      let table = LookupTable(
        sequence, descriptor: Tag.lutDescriptor, data: Tag.lutData, isSigned: format.isSigned)
    else {
      throw .unsupported(path: path, reason: "a modality lookup table that cannot be applied")
    }
    return table
  }

  /// A padding value, whose VR some writers take for unsigned where pixels are signed.
  private func padding(_ item: DICOMItem, _ tag: UInt32, _ format: PixelFormat) -> Int? {
    item.integer(tag).map {
      $0 > 0x7FFF && $0 <= 0xFFFF && format.isSigned ? $0 - 0x1_0000 : $0
    }
  }

  private func checkColor(_ format: PixelFormat) throws(DICOMError) {
    let samples: [String: Int] = [
      "MONOCHROME1": 1, "MONOCHROME2": 1, "PALETTE COLOR": 1, "RGB": 3, "YBR_FULL": 3,
      "YBR_FULL_422": 3, "YBR_ICT": 3, "YBR_RCT": 3,
    ]
    guard let expected = samples[format.photometric] else {
      throw .unsupported(path: path, reason: "no known photometric interpretation")
    }
    guard format.samples == expected else {
      throw .unsupported(
        path: path, reason: "\(format.samples) samples a pixel in an image of \(expected)")
    }
    guard !format.isColor || (!format.isSigned && [8, 16].contains(format.bitsAllocated)) else {
      throw .unsupported(
        path: path, reason: "colours of \(format.bitsAllocated) bits, signed or not")
    }
  }

  private func checkBits(_ format: PixelFormat) throws(DICOMError) {
    guard [1, 8, 16, 32].contains(format.bitsAllocated) || format.isFloat else {
      throw .unsupported(path: path, reason: "\(format.bitsAllocated) bits allocated a sample")
    }
    guard (1...format.bitsAllocated).contains(format.bitsStored),
      (format.bitsStored - 1..<format.bitsAllocated).contains(format.highBit)
    else {
      throw .pixels(
        path: path,
        reason: "\(format.bitsStored) bits stored and high bit \(format.highBit) do not fit "
          + "\(format.bitsAllocated) bits allocated")
    }
  }

  /// Sizes first: nothing is allocated by numbers that the bytes do not bear out.
  private func checkSize(_ format: PixelFormat, _ pixels: dicom_pixels) throws(DICOMError) {
    func wrong(_ reason: String) -> DICOMError { .pixels(path: path, reason: reason) }
    func tooMuch(_ reason: String) -> DICOMError { .limit(path: path, reason: reason) }
    guard format.rows > 0, format.columns > 0, format.frames > 0 else {
      throw wrong("\(format.rows) rows, \(format.columns) columns, \(format.frames) frames")
    }
    guard max(format.rows, format.columns) <= limits.side, format.frames <= limits.frames else {
      throw tooMuch("\(format.rows) rows, \(format.columns) columns, \(format.frames) frames")
    }
    let (total, overflow) = format.frameBytes.multipliedReportingOverflow(by: format.frames)
    guard !overflow, total <= limits.decodedBytes else {
      throw tooMuch("the pixels would take more than \(limits.decodedBytes) bytes")
    }
    guard pixels.is_encapsulated != 0 else { return try checkNative(format, Int(pixels.length)) }
    guard pixels.fragments >= UInt64(format.frames) else {
      throw wrong("\(format.frames) frames announced, \(pixels.fragments) fragments there")
    }
    guard total <= 64 << 20 || total / max(1, limits.expansion) <= Int(pixels.length) else {
      throw tooMuch(
        "\(pixels.length) bytes would decode to \(total), over \(limits.expansion) times more")
    }
  }

  /// Native pixel data may be longer by less than a row: some writers pad to whole blocks.
  private func checkNative(_ format: PixelFormat, _ length: Int) throws(DICOMError) {
    let expected = format.nativeBytes
    let row = max(2, expected / (format.rows * format.frames))
    guard length >= expected, length <= expected + expected % 2 || length < expected + row else {
      throw .pixels(
        path: path, reason: "\(expected) bytes of pixels expected, \(length) there")
    }
  }
}
