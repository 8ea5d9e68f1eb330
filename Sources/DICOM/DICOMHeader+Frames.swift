extension DICOMFile {
  /// The planes of an enhanced multi-frame file: each attribute from the frame's own functional
  /// groups, else from the shared ones (PS3.3 C.7.6.16).
  func framePlanes(
    _ item: DICOMItem, shared: DICOMItem?, frames: [DICOMItem], _ format: PixelFormat
  ) throws(DICOMError) -> [DICOMHeader.Plane] {
    guard frames.count == format.frames else {
      throw .geometry(
        path: path,
        reason: "\(frames.count) functional groups for \(format.frames) frames")
    }
    var planes: [DICOMHeader.Plane] = []
    planes.reserveCapacity(frames.count)
    for (index, frame) in frames.enumerated() {
      let groups = FunctionalGroups(frame: frame, shared: shared)
      planes.append(try framePlane(index, groups, item))
    }
    return planes
  }

  private func framePlane(
    _ index: Int, _ groups: FunctionalGroups, _ item: DICOMItem
  ) throws(DICOMError) -> DICOMHeader.Plane {
    let content = groups[Tag.frameContentSequence]
    let type = groups.frameType
    let (slope, intercept) = try rescale(
      groups[Tag.pixelValueSequence] ?? item, philips: groups.philips)
    let echo = groups[Tag.echoSequence]?.number(Tag.effectiveEchoTime)
    return try plane(
      index: index, position: groups[Tag.planePositionSequence],
      orientation: groups[Tag.planeOrientationSequence],
      measures: groups[Tag.pixelMeasuresSequence], slope: slope, intercept: intercept,
      echoTime: echo ?? groups.philips?.number(Tag.echoTime),
      imageType: type?.texts(Tag.frameType) ?? item.texts(Tag.imageType),
      component: type?.text(Tag.complexImageComponent).flatMap { word in
        DICOMHeader.Component(rawValue: word.lowercased())
      }, stack: content?.text(Tag.stackID), time: groups.time)
  }
}

/// What is said of one frame, by itself or for all.
private struct FunctionalGroups {
  let frame: DICOMItem
  let shared: DICOMItem?

  /// The item of a functional group.
  subscript(tag: UInt32) -> DICOMItem? {
    frame.items(tag).first ?? shared?.items(tag).first
  }

  var frameType: DICOMItem? {
    self[Tag.mrFrameTypeSequence] ?? self[Tag.ctFrameTypeSequence]
      ?? self[Tag.petFrameTypeSequence]
  }

  /// Philips' private copy of a classic header in each frame.
  var philips: DICOMItem? {
    let creator = "Philips MR Imaging DD 005"
    return frame.privateTag(0x2005, creator: creator, element: 0x0F)
      .flatMap { frame.items($0).first }
  }

  var time: DICOMHeader.Time {
    let content = self[Tag.frameContentSequence]
    return DICOMHeader.Time(
      position: content?.number(Tag.temporalPositionIndex),
      trigger: self[Tag.cardiacSequence]?.number(Tag.cardiacTriggerDelay),
      acquisition: content?.text(Tag.frameAcquisitionDateTime)
        .flatMap(DICOMHeader.Time.seconds(dateTime:)))
  }
}

extension Acquisition {
  /// Takes from functional groups what a classic header would have had at its top.
  mutating func complete(shared: DICOMItem?, first: DICOMItem?) {
    func number(_ sequence: UInt32, _ tag: UInt32) -> Double? {
      let item = first?.items(sequence).first ?? shared?.items(sequence).first
      return item?.number(tag)
    }
    echoTime = echoTime ?? number(Tag.echoSequence, Tag.effectiveEchoTime)
    repetitionTime = repetitionTime ?? number(Tag.timingSequence, Tag.repetitionTime)
    flipAngle = flipAngle ?? number(Tag.timingSequence, Tag.flipAngle)
    sliceThickness = sliceThickness ?? number(Tag.pixelMeasuresSequence, Tag.sliceThickness)
    spacingBetweenSlices =
      spacingBetweenSlices ?? number(Tag.pixelMeasuresSequence, Tag.spacingBetweenSlices)
  }
}
