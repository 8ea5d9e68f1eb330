import Imaging

extension DICOMFile {
  /// The one plane of a file that is one slice (PS3.3 C.7.6.2).
  func classicPlanes(_ item: DICOMItem, _ format: PixelFormat) throws(DICOMError)
    -> [DICOMHeader.Plane]
  {
    guard format.frames == 1 else {
      let reason = "\(format.frames) frames without a position each"
      throw unplaced(.unsupported(path: path, reason: reason))
    }
    return [
      try plane(
        index: 0, position: item, orientation: item, measures: item,
        rescale: try rescale(item, mappings: item.items(Tag.realWorldSequence), philips: item),
        echoTime: item.number(Tag.echoTime),
        imageType: item.texts(Tag.imageType) + privateType(item),
        component: classicComponent(item), stack: nil,
        time: DICOMHeader.Time(item))
    ]
  }

  /// A plane from the items that hold its position, orientation and pixel spacing.
  func plane(
    index: Int, position: DICOMItem?, orientation: DICOMItem?, measures: DICOMItem?,
    rescale: Rescale, echoTime: Double?, imageType: [String],
    component: DICOMHeader.Component?, stack: String?, time: DICOMHeader.Time
  ) throws(DICOMError) -> DICOMHeader.Plane {
    guard let place = position?.numbers(Tag.imagePosition, count: 3) else {
      throw unplaced(.geometry(path: path, reason: "no ImagePositionPatient"))
    }
    guard let cosines = orientation?.numbers(Tag.imageOrientation, count: 6) else {
      throw .geometry(path: path, reason: "no ImageOrientationPatient")
    }
    guard let distances = measures?.numbers(Tag.pixelSpacing, count: 2),
      distances.allSatisfy({ (1e-4...1e4).contains($0) })
    else { throw .geometry(path: path, reason: "no PixelSpacing") }
    guard place.allSatisfy({ abs($0) < 1e6 }) else {
      throw .geometry(path: path, reason: "ImagePositionPatient is out of any scanner's range")
    }
    let (right, down) = try axes(cosines)
    return DICOMHeader.Plane(
      index: index, position: SIMD3(place[0], place[1], place[2]), right: right, down: down,
      spacing: SIMD2(distances[1], distances[0]),  // the standard has rows first
      slope: rescale.slope, intercept: rescale.intercept, scaleSlope: rescale.scaleSlope,
      echoTime: echoTime,
      imageType: imageType.joined(separator: "\\"),
      component: component ?? DICOMHeader.Component(imageType: imageType), stack: stack, time: time)
  }

  /// Why an image without a position is none of a volume: nothing is missing from a projection.
  private func unplaced(_ error: DICOMError) -> DICOMError {
    guard let sopClass = root.text(Tag.sopClassUID), Self.projections.contains(sopClass) else {
      return error
    }
    return .unsupported(
      path: path, reason: "a projection, which has no place in the patient and is no volume")
  }

  /// Radiography, mammography, intra-oral, angiography (enhanced and biplane too), fluoroscopy.
  private static let projections: Set<String> = Set(
    [
      "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "12.1", "12.1.1", "12.2", "12.2.1",
      "12.3",
    ]
    .map { "1.2.840.10008.5.1.4.1.1." + $0 })

  /// Unit vectors from ImageOrientationPatient, whose decimals are rounded.
  private func axes(_ cosines: [Double]) throws(DICOMError) -> (SIMD3<Double>, SIMD3<Double>) {
    let right = SIMD3(cosines[0], cosines[1], cosines[2])
    let down = SIMD3(cosines[3], cosines[4], cosines[5])
    guard abs(length(right) - 1) < 0.01, abs(length(down) - 1) < 0.01 else {
      throw .geometry(path: path, reason: "ImageOrientationPatient holds no unit vectors")
    }
    guard abs(dot(right, down)) < 1e-3 else {
      throw .geometry(path: path, reason: "rows and columns are not perpendicular")
    }
    return (right / length(right), down / length(down))
  }

  /// Slope and intercept of one image, with Philips' scale slope (2005,100E) where it has one.
  ///
  /// Where neither these nor a lookup table are there, a single Real World Value Mapping of Philips'
  /// (PS3.3 C.7.6.16.2.11) says what stored values mean. Those of others are left alone, as in
  /// dcm2niix: GE's maps of diffusion have one that holds for a part of their values.
  func rescale(
    _ item: DICOMItem?, mappings: [DICOMItem], philips: DICOMItem?
  ) throws(DICOMError) -> Rescale {
    for tag in [Tag.rescaleSlope, Tag.rescaleIntercept] {
      guard let item, item.has(tag), item.number(tag) == nil else { continue }
      throw .pixels(path: path, reason: "RescaleSlope or RescaleIntercept is no number")
    }
    let isSaid = [Tag.rescaleSlope, Tag.rescaleIntercept].contains { item?.has($0) ?? false }
    let isMapped = isSaid || item?.items(Tag.modalityLUTSequence).isEmpty == false
    let isWorld = !isMapped && mappings.count == 1 && isPhilips(root)
    let world = isWorld ? Rescale(mapping: mappings[0]) : nil
    let slope = item?.number(Tag.rescaleSlope) ?? world?.slope ?? 1
    let intercept = item?.number(Tag.rescaleIntercept) ?? world?.intercept ?? 0
    guard slope != 0, abs(slope) < 1e12, abs(intercept) < 1e12 else {
      throw .pixels(path: path, reason: "RescaleSlope \(slope), RescaleIntercept \(intercept)")
    }
    return Rescale(
      slope: slope, intercept: intercept, scaleSlope: philips.flatMap(scaleSlope))
  }

  private func isPhilips(_ item: DICOMItem) -> Bool {
    item.text(Tag.manufacturer)?.lowercased().contains("philips") ?? false
  }

  private func scaleSlope(_ philips: DICOMItem) -> Double? {
    let scale = philips.privateTag(
      0x2005, creator: "Philips MR Imaging DD 001", element: 0x0E, orNameless: isPhilips(philips)
    ).flatMap { philips.privateNumber($0, width: 4) }
    return scale.flatMap { $0 > 1e-12 && $0 < 1e12 ? $0 : nil }
  }
}

/// From stored values to real ones, as one image says it.
struct Rescale {
  var slope: Double
  var intercept: Double
  var scaleSlope: Double?
}

extension Rescale {
  /// A linear Real World Value Mapping; nil for one by a table.
  fileprivate init?(mapping: DICOMItem) {
    guard let slope = mapping.number(Tag.realWorldSlope), slope != 0,
      let intercept = mapping.number(Tag.realWorldIntercept)
    else { return nil }
    self.init(slope: slope, intercept: intercept)
  }
}

extension DICOMHeader.Component {
  /// From the words of Image Type: Siemens and Philips write M, P, R or I as a value of its own.
  init?(imageType: [String]) {
    for word in imageType.dropFirst(2) {
      switch word {
      case "M", "MAGNITUDE", "M_FFE", "M_SE": self = .magnitude
      case "P", "PHASE", "PHASE MAP", "P_FFE", "P_SE": self = .phase
      case "R", "REAL", "R_FFE", "R_SE": self = .real
      case "I", "IMAGINARY", "I_FFE", "I_SE": self = .imaginary
      default: continue
      }
      return
    }
    return nil
  }
}

extension DICOMHeader.Time {
  init(_ item: DICOMItem) {
    position = item.number(Tag.temporalPosition)
    trigger = item.number(Tag.triggerTime)
    acquisition =
      Self.seconds(
        date: item.text(Tag.acquisitionDate) ?? "", time: item.text(Tag.acquisitionTime) ?? "")
      ?? Self.seconds(dateTime: item.text(Tag.acquisitionDateTime) ?? "")
    bValue = item.number(Tag.bValue)
  }

  /// Seconds of a DICOM date `YYYYMMDD` and time `HHMMSS.FFFFFF`: they order, no more.
  static func seconds(date: String, time: String) -> Double? {
    let digits = Array(time.utf8).filter { $0 != UInt8(ascii: ":") }
    guard digits.count >= 2, let clock = Double(String(decoding: digits, as: UTF8.self)) else {
      return nil
    }
    let whole = digits.firstIndex(of: UInt8(ascii: ".")) ?? digits.count
    let padded = clock * [1, 1, 10000, 1000, 100, 10, 1][min(whole, 6)]
    guard padded.isFinite, padded >= 0, padded < 240_000 else { return nil }
    let (hours, minutes) = (Int(padded) / 10_000, Int(padded) / 100 % 100)
    let rest = padded - Double(Int(padded) / 100 * 100)
    return days(date) * 86_400 + Double(hours * 3600 + minutes * 60) + rest
  }

  static func seconds(dateTime: String) -> Double? {
    let upToZone = dateTime.prefix { $0 != "+" && $0 != "-" && $0 != "&" }
    return seconds(date: String(upToZone.prefix(8)), time: String(upToZone.dropFirst(8)))
  }

  private static func days(_ date: String) -> Double {
    let digits = date.filter { $0 != "." }
    guard digits.count == 8, let number = Int(digits), number > 0 else { return 0 }
    return Double(number / 10_000 * 372 + number / 100 % 100 * 31 + number % 100)
  }
}
