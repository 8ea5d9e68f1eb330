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
    let dimensions = Dimensions(item)
    for (index, frame) in frames.enumerated() {
      let groups = FunctionalGroups(frame: frame, shared: shared)
      planes.append(try framePlane(index, groups, item, dimensions))
    }
    return planes
  }

  private func framePlane(
    _ index: Int, _ groups: FunctionalGroups, _ item: DICOMItem, _ dimensions: Dimensions
  ) throws(DICOMError) -> DICOMHeader.Plane {
    let content = groups[Tag.frameContentSequence]
    let type = groups.frameType
    let rescale = try rescale(
      groups[Tag.pixelValueSequence] ?? item, mappings: groups.items(Tag.realWorldSequence),
      philips: groups.philips)
    let echo = groups[Tag.echoSequence]?.number(Tag.effectiveEchoTime)
    var plane = try plane(
      index: index, position: groups[Tag.planePositionSequence],
      orientation: groups[Tag.planeOrientationSequence],
      measures: groups[Tag.pixelMeasuresSequence], rescale: rescale,
      echoTime: echo ?? groups.philips?.number(Tag.echoTime),
      imageType: (type?.texts(Tag.frameType) ?? item.texts(Tag.imageType))
        + (groups.philips == nil ? [] : groups.isotropic),
      component: type?.text(Tag.complexImageComponent).flatMap { word in
        DICOMHeader.Component(rawValue: word.lowercased())
      }, stack: content?.text(Tag.stackID), time: groups.time(dimensions))
    plane.kVp = Acquisition.number(groups[Tag.xRaySequence]?.number(Tag.kVp), upTo: 1000)
    plane.kernel = groups[Tag.reconstructionSequence].flatMap(Acquisition.kernel)
    return plane
  }
}

/// Which of the Dimension Index Values (PS3.3 C.7.6.17) order frames of one place in time.
private struct Dimensions {
  /// Places in Dimension Index Values, the slowest first; nil where the file does not say what they count.
  private var order: [Int]?

  /// Scanners that count places before other dimensions write the fastest dimension first, the
  /// others the slowest: dcm2niix's observation on Philips and Siemens beside Canon and Bruker.
  init(_ item: DICOMItem) {
    let pointers = item.items(Tag.dimensionIndexSequence).map { dimension in
      dimension.text(Tag.dimensionIndexPointer).flatMap(Self.tag)
    }
    guard !pointers.isEmpty else { return }
    let spatial: Set<UInt32> = [Tag.stackID, Tag.inStackPosition, Tag.imagePosition]
    let others = pointers.indices.filter { index in
      pointers[index].map { !spatial.contains($0) } ?? true
    }
    let places: Set<UInt32> = [Tag.inStackPosition, Tag.imagePosition]
    let place = pointers.lastIndex { $0.map(places.contains) ?? false } ?? 0
    order = others.contains { $0 > place } ? others.reversed() : others
  }

  func indices(_ content: DICOMItem?) -> [Double]? {
    guard let values = content?.numbers(Tag.dimensionIndexValues) else { return nil }
    // As dcm2niix has it; those that count stacks and places are equal at one place.
    guard let order else { return values.reversed() }
    guard let last = order.max(), last < values.count else { return nil }
    return order.map { values[$0] }
  }

  /// "(0020,9057)" as a number.
  private static func tag(_ text: String) -> UInt32? {
    UInt32(text.filter(\.isHexDigit), radix: 16)
  }
}

/// What is said of one frame, by itself or for all.
private struct FunctionalGroups {
  let frame: DICOMItem
  let shared: DICOMItem?

  /// The item of a functional group.
  subscript(tag: UInt32) -> DICOMItem? { items(tag).first }

  func items(_ tag: UInt32) -> [DICOMItem] {
    let own = frame.items(tag)
    return own.isEmpty ? shared?.items(tag) ?? [] : own
  }

  var frameType: DICOMItem? {
    self[Tag.mrFrameTypeSequence] ?? self[Tag.ctFrameTypeSequence]
      ?? self[Tag.petFrameTypeSequence] ?? self[Tag.xaFrameTypeSequence]
  }

  /// Philips' private copy of a classic header in each frame.
  var philips: DICOMItem? {
    let creator = "Philips MR Imaging DD 005"
    return frame.privateTag(0x2005, creator: creator, element: 0x0F)
      .flatMap { frame.items($0).first }
  }

  /// As ``DICOMFile/isotropic(_:)``, by Diffusion Directionality.
  var isotropic: [String] {
    let diffusion = self[Tag.diffusionSequence]
    guard diffusion?.text(Tag.directionality) == DICOMFile.isotropicWord,
      diffusion?.number(Tag.bValue) ?? 0 > 0
    else { return [] }
    return [DICOMFile.isotropicWord]
  }

  func time(_ dimensions: Dimensions) -> DICOMHeader.Time {
    let content = self[Tag.frameContentSequence]
    return DICOMHeader.Time(
      position: content?.number(Tag.temporalPositionIndex),
      trigger: self[Tag.cardiacSequence]?.number(Tag.cardiacTriggerDelay),
      acquisition: content?.text(Tag.frameAcquisitionDateTime)
        .flatMap(DICOMHeader.Time.seconds(dateTime:)),
      indices: dimensions.indices(content),
      bValue: self[Tag.diffusionSequence]?.number(Tag.bValue))
  }
}

extension Acquisition {
  /// Takes from functional groups what a classic header would have had at its top.
  mutating func complete(shared: DICOMItem?, first: DICOMItem?) {
    func group(_ sequence: UInt32) -> DICOMItem? {
      first?.items(sequence).first ?? shared?.items(sequence).first
    }
    func number(_ sequence: UInt32, _ tag: UInt32) -> Double? { group(sequence)?.number(tag) }
    echoTime = echoTime ?? number(Tag.echoSequence, Tag.effectiveEchoTime)
    repetitionTime = repetitionTime ?? number(Tag.timingSequence, Tag.repetitionTime)
    flipAngle = flipAngle ?? number(Tag.timingSequence, Tag.flipAngle)
    sliceThickness = sliceThickness ?? number(Tag.pixelMeasuresSequence, Tag.sliceThickness)
    spacingBetweenSlices =
      spacingBetweenSlices ?? number(Tag.pixelMeasuresSequence, Tag.spacingBetweenSlices)
    units =
      units ?? Self.word(group(Tag.pixelValueSequence)?.text(Tag.rescaleType), in: Self.unitNames)
  }
}
