import Imaging

extension DICOMHeader: FieldPacked {
  /// A header that says nothing.
  public static let blank = DICOMHeader(
    identity: Identity(path: ""), acquisition: Acquisition(modality: ""), sopClass: "",
    transferSyntax: "", pixelDigest: "", planes: [])

  /// Passes every field through the stream.
  public mutating func pass(_ fields: inout FieldStream) {
    identity.pass(&fields)
    acquisition.pass(&fields)
    fields.pass(&sopClass)
    fields.pass(&transferSyntax)
    fields.pass(&nonImage)
    fields.pass(&labelObject, LabelObject.blank) { $1.pass(&$0) }
    fields.pass(&burnedIn, .declared) { $0.pass(&$1) }
    fields.pass(&pixels, PixelFormat.blank) { $1.pass(&$0) }
    fields.pass(&pixelDigest)
    fields.pass(&headerDigest)
    fields.pass(&seriesNumber)
    fields.pass(&acquisitionNumber)
    fields.pass(&instanceNumber)
    fields.pass(&tiling, .zero) {
      $0.pass(&$1.x)
      $0.pass(&$1.y)
    }
    fields.pass(&uptakeFactor)
    fields.pass(&planes, Plane.blank) { $1.pass(&$0) }
  }
}

extension DICOMHeader.Identity {
  fileprivate mutating func pass(_ fields: inout FieldStream) {
    fields.pass(&path)
    fields.pass(&patientID)
    fields.pass(&patientName)
    fields.pass(&patientBirthDate)
    fields.pass(&studyInstanceUID)
    fields.pass(&seriesInstanceUID)
    fields.pass(&sopInstanceUID)
    fields.pass(&frameOfReferenceUID)
    fields.pass(&accessionNumber)
    fields.pass(&studyDate)
    fields.pass(&seriesDate)
    fields.pass(&acquisitionDate)
    fields.pass(&studyDescription)
    fields.pass(&seriesDescription)
    fields.pass(&protocolName)
  }
}

extension Acquisition {
  fileprivate mutating func pass(_ fields: inout FieldStream) {
    fields.pass(&modality)
    fields.pass(&manufacturer)
    fields.pass(&model)
    fields.pass(&fieldStrength)
    fields.pass(&echoTime)
    fields.pass(&repetitionTime)
    fields.pass(&inversionTime)
    fields.pass(&flipAngle)
    fields.pass(&kVp)
    fields.pass(&kernel)
    fields.pass(&sliceThickness)
    fields.pass(&spacingBetweenSlices)
    fields.pass(&bodyPart)
    fields.pass(&contrast)
    fields.pass(&scanningSequence)
    fields.pass(&acquisitionType)
    fields.pass(&units)
  }
}

extension DICOMHeader.Plane {
  fileprivate static let blank = DICOMHeader.Plane(
    index: 0, position: .zero, right: .zero, down: .zero, spacing: .zero, slope: 1, intercept: 0,
    imageType: "", time: DICOMHeader.Time())

  fileprivate mutating func pass(_ fields: inout FieldStream) {
    fields.pass(&index)
    fields.pass(&position)
    fields.pass(&right)
    fields.pass(&down)
    fields.pass(&spacing.x)
    fields.pass(&spacing.y)
    fields.pass(&slope)
    fields.pass(&intercept)
    fields.pass(&scaleSlope)
    fields.pass(&echoTime)
    fields.pass(&kVp)
    fields.pass(&kernel)
    fields.pass(&imageType)
    fields.pass(&component, .magnitude) { $0.pass(&$1) }
    fields.pass(&stack)
    fields.pass(&time.position)
    fields.pass(&time.trigger)
    fields.pass(&time.acquisition)
    fields.pass(&time.indices, []) { fields, indices in
      fields.pass(&indices, 0) { $0.pass(&$1) }
    }
    fields.pass(&time.bValue)
  }
}

extension PixelFormat {
  fileprivate static let blank = PixelFormat(
    rows: 0, columns: 0, bitsAllocated: 0, bitsStored: 0, highBit: 0, isSigned: false)

  fileprivate mutating func pass(_ fields: inout FieldStream) {
    fields.pass(&rows)
    fields.pass(&columns)
    fields.pass(&frames)
    fields.pass(&samples)
    fields.pass(&bitsAllocated)
    fields.pass(&bitsStored)
    fields.pass(&highBit)
    fields.pass(&isSigned)
    fields.pass(&isFloat)
    fields.pass(&photometric)
    fields.pass(&padding)
    fields.pass(&paddingLimit)
    fields.pass(&lookup, Lookup(bits: 0, digest: "")) {
      $0.pass(&$1.bits)
      $0.pass(&$1.digest)
    }
  }
}

extension LabelObject {
  fileprivate static let blank = LabelObject(
    kind: .segmentation, seriesUIDs: [], instanceUIDs: [], frameOfReferenceUIDs: [])

  fileprivate mutating func pass(_ fields: inout FieldStream) {
    fields.pass(&kind)
    fields.pass(&seriesUIDs, "") { $0.pass(&$1) }
    fields.pass(&instanceUIDs, "") { $0.pass(&$1) }
    fields.pass(&frameOfReferenceUIDs, "") { $0.pass(&$1) }
    fields.pass(&grid, Grid.blank) { $0.pass(&$1) }
  }
}
