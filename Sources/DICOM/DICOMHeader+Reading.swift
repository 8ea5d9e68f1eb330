import CDCMTK

extension DICOMFile {
  /// Reads what ``DICOMHeader`` holds. Pixel data are not decoded, but their size is compared with
  /// what the header says, and their bytes enter a digest.
  ///
  /// Throws ``DICOMError`` for images that cannot become part of a volume.
  public func header(digest: Bool = true) throws(DICOMError) -> DICOMHeader {
    let item = root
    let enhanced = item.items(Tag.perFrameGroups)
    let shared = item.items(Tag.sharedGroups).first
    var header = DICOMHeader(
      identity: DICOMHeader.Identity(item, path: path),
      acquisition: Acquisition(item, timing: shared?.items(Tag.timingSequence).first),
      sopClass: item.text(Tag.sopClassUID) ?? "", transferSyntax: transferSyntax,
      pixelDigest: "", seriesNumber: item.integer(Tag.seriesNumber),
      acquisitionNumber: item.integer(Tag.acquisitionNumber),
      instanceNumber: item.integer(Tag.instanceNumber), planes: [])
    header.nonImage = try nonImage(item, sopClass: header.sopClass)
    header.labelObject = labelObject(item, sopClass: header.sopClass)
    if digest, header.labelObject != nil {
      header.pixelDigest = String(dicom_file_hash(handle), radix: 16)
    }
    guard header.nonImage == nil else { return header }
    header.burnedIn = BurnedInRisk(item, sopClass: header.sopClass)
    let pixels = try describe(digest: digest)
    let format = try pixelFormat(item, pixels)
    header.pixels = format
    if digest { header.pixelDigest = String(pixels.digest, radix: 16) }
    if shared != nil || !enhanced.isEmpty {
      header.planes = try framePlanes(item, shared: shared, frames: enhanced, format)
      header.acquisition.complete(shared: shared, first: enhanced.first)
    } else {
      try readClassic(item, format, &header)
    }
    return header
  }

  private func readClassic(
    _ item: DICOMItem, _ format: PixelFormat, _ header: inout DICOMHeader
  ) throws(DICOMError) {
    let tiles = gridItems(item)
    if tiles.count > 1 {
      try readGrid(item, tiles, format, &header)
    } else if isMosaic(item) {
      try readMosaic(item, format, &header)
    } else {
      header.planes = try classicPlanes(item, format)
    }
  }

  /// What an object without pixels is; nil for an image.
  private func nonImage(_ item: DICOMItem, sopClass: String) throws(DICOMError) -> String? {
    let kinds: [(prefix: String, kind: String)] = [
      ("1.2.840.10008.5.1.4.1.1.66", "segmentation or registration"),
      ("1.2.840.10008.5.1.4.1.1.88", "structured report"),
      ("1.2.840.10008.5.1.4.1.1.11", "presentation state"),
      ("1.2.840.10008.5.1.4.1.1.9", "waveform"),
      ("1.2.840.10008.5.1.4.1.1.104", "encapsulated document"),
      ("1.2.840.10008.5.1.4.1.1.481", "radiotherapy object"),
    ]
    for (prefix, kind) in kinds where sopClass == prefix || sopClass.hasPrefix(prefix + ".") {
      return kind
    }
    guard item.integer(Tag.rows) == nil else { return nil }
    guard item.items(Tag.directoryRecords).isEmpty else { return "media directory" }
    guard !sopClass.isEmpty, !Self.imageClasses.contains(sopClass) else {
      throw .malformed(path: path, reason: "an image whose header ends before Rows")
    }
    return "object without an image"
  }

  /// Storage classes of CT, MR, PET and secondary capture, whose objects always have pixels.
  private static let imageClasses: Set<String> = Set(
    ["2", "2.1", "2.2", "4", "4.1", "4.3", "4.4", "128", "128.1", "130", "7", "7.1", "7.2", "7.3"]
      .map { "1.2.840.10008.5.1.4.1.1." + $0 })

  /// The format of the pixels, after everything that the file says of them has been compared.
  private func pixelFormat(_ item: DICOMItem, _ pixels: dicom_pixels) throws(DICOMError)
    -> PixelFormat
  {
    func refuse(_ reason: String) -> DICOMError { .unsupported(path: path, reason: reason) }
    guard pixels.has_pixels != 0 else { throw refuse("an image without integer pixel data") }
    guard TransferSyntax.isDecoded(transferSyntax) else {
      throw .transferSyntax(
        path: path, uid: String(transferSyntax.prefix(64)),
        name: TransferSyntax.name(transferSyntax))
    }
    let photometric = item.text(Tag.photometric) ?? ""
    guard pixels.samples == 1, photometric == "MONOCHROME1" || photometric == "MONOCHROME2" else {
      throw refuse(colourReason(photometric, samples: Int(pixels.samples)))
    }
    guard item.items(Tag.modalityLUTSequence).isEmpty else {
      throw refuse("stored values pass through a modality lookup table")
    }
    let format = PixelFormat(
      rows: Int(pixels.rows), columns: Int(pixels.columns), frames: Int(pixels.frames),
      bitsAllocated: Int(pixels.bits_allocated), bitsStored: Int(pixels.bits_stored),
      highBit: Int(pixels.high_bit), isSigned: pixels.is_signed != 0, photometric: photometric,
      padding: padding(item, isSigned: pixels.is_signed != 0))
    try check(format, pixels)
    return format
  }

  /// PixelPaddingValue, whose VR some writers take for unsigned where pixels are signed.
  private func padding(_ item: DICOMItem, isSigned: Bool) -> Int? {
    item.integer(Tag.pixelPadding).map {
      $0 > 0x7FFF && $0 <= 0xFFFF && isSigned ? $0 - 0x1_0000 : $0
    }
  }

  private func colourReason(_ photometric: String, samples: Int) -> String {
    let known = ["PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "HSV"]
    guard known.contains(photometric) else { return "no known photometric interpretation" }
    return "a colour image (\(photometric), \(samples) samples a pixel)"
  }

  /// Sizes first: nothing is allocated by numbers that the bytes do not bear out.
  private func check(_ format: PixelFormat, _ pixels: dicom_pixels) throws(DICOMError) {
    func wrong(_ reason: String) -> DICOMError { .pixels(path: path, reason: reason) }
    guard [8, 16, 32].contains(format.bitsAllocated) else {
      throw .unsupported(path: path, reason: "\(format.bitsAllocated) bits allocated a sample")
    }
    guard (1...format.bitsAllocated).contains(format.bitsStored),
      (format.bitsStored - 1..<format.bitsAllocated).contains(format.highBit)
    else {
      throw wrong(
        "\(format.bitsStored) bits stored and high bit \(format.highBit) do not fit "
          + "\(format.bitsAllocated) bits allocated")
    }
    guard format.rows > 0, format.columns > 0, format.frames > 0 else {
      throw wrong("\(format.rows) rows, \(format.columns) columns, \(format.frames) frames")
    }
    let (total, overflow) = format.frameBytes.multipliedReportingOverflow(by: format.frames)
    guard !overflow, total <= limits.decodedBytes else {
      throw .limit(
        path: path, reason: "the pixels would take more than \(limits.decodedBytes) bytes")
    }
    if pixels.is_encapsulated != 0 {
      guard pixels.fragments >= UInt64(format.frames) else {
        throw wrong("\(format.frames) frames announced, \(pixels.fragments) fragments there")
      }
      guard total <= 64 << 20 || UInt64(total) / 1_000 <= pixels.length else {
        throw .limit(
          path: path,
          reason: "\(pixels.length) bytes would decode to \(total), over 1000 times more")
      }
    } else if pixels.length < total || pixels.length > total + total % 2 {
      throw wrong("\(total) bytes of pixels expected, \(pixels.length) there")
    }
  }
}

extension DICOMHeader.Identity {
  init(_ item: DICOMItem, path: String) {
    self.path = path
    patientID = item.text(Tag.patientID)
    patientName = item.text(Tag.patientName)
    patientBirthDate = item.text(Tag.patientBirthDate)
    studyInstanceUID = item.text(Tag.studyInstanceUID)
    seriesInstanceUID = item.text(Tag.seriesInstanceUID)
    sopInstanceUID = item.text(Tag.sopInstanceUID)
    frameOfReferenceUID = item.text(Tag.frameOfReferenceUID)
    accessionNumber = item.text(Tag.accessionNumber)
    studyDate = item.text(Tag.studyDate)
    seriesDate = item.text(Tag.seriesDate)
    acquisitionDate = item.text(Tag.acquisitionDate)
    studyDescription = item.text(Tag.studyDescription)
    seriesDescription = item.text(Tag.seriesDescription)
    protocolName = item.text(Tag.protocolName)
  }
}
