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
    header.uptakeFactor = uptakeFactor(item)
    header.burnedIn = BurnedInRisk(item, sopClass: header.sopClass)
    let (format, pixels) = try pixelFormat(digest: digest)
    header.pixels = format
    if digest {
      header.pixelDigest = String(pixels.digest, radix: 16)
      header.headerDigest = String(pixels.header, radix: 16)
    }
    if !enhanced.isEmpty || (shared != nil && !item.has(Tag.imagePosition)) {
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
      ("1.2.840.10008.5.1.4.1.1.4.2", "spectroscopy"),
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
}

extension DICOMHeader.Identity {
  init(_ item: DICOMItem, path: String) {
    self.path = path
    patientID = item.identifier(Tag.patientID)
    patientName = item.text(Tag.patientName)
    patientBirthDate = item.text(Tag.patientBirthDate)
    studyInstanceUID = item.text(Tag.studyInstanceUID)
    seriesInstanceUID = item.text(Tag.seriesInstanceUID) ?? Self.series(item)
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

  /// What stands for a Series Instance UID that a de-identifier has blanked: the frame of reference,
  /// of which a series has only one (PS3.3 A.1.2.3), with the number, date and time of the series. Nil
  /// without a frame of reference, since the rest may well be that of another patient.
  private static func series(_ item: DICOMItem) -> String? {
    guard let frame = item.text(Tag.frameOfReferenceUID) else { return nil }
    let rest = [Tag.seriesNumber, Tag.seriesDate, Tag.seriesTime].map { item.text($0) ?? "" }
    return ([frame] + rest).joined(separator: "/")
  }
}
