import Imaging

extension DICOMFile {
  /// The regions of interest of an RT structure set, rasterised (PS3.3 C.8.8.5, C.8.8.6).
  ///
  /// See `StructureMask.init(filling:on:tolerance:limit:)` for the rule of the pixel.
  func regionsOfInterest(on grid: Grid) throws(DICOMError) -> [Structure] {
    let names = regionNames()
    var structures: [Structure] = []
    var budget = Self.mostPoints
    for (place, region) in root.items(Tag.roiContourSequence).enumerated() {
      let number = region.integer(Tag.referencedROINumber)
      var name = number.flatMap { names[$0] } ?? Structure.Name(number: 0, label: "")
      if name.number == 0 { name.number = place + 1 }
      if let one = try structure(name, region, on: grid, &budget) { structures.append(one) }
    }
    guard !structures.isEmpty else {
      throw .malformed(path: path, reason: "a structure set without closed contours")
    }
    return structures
  }

  /// Points of all contours of a file.
  private static let mostPoints = 20_000_000

  /// By ROI Number: the place in the file, the name, the code.
  private func regionNames() -> [Int: Structure.Name] {
    var codes: [Int: Structure.Code] = [:]
    for observation in root.items(Tag.rtROIObservationsSequence) {
      guard let number = observation.integer(Tag.referencedROINumber) else { continue }
      let items = observation.items(Tag.rtROIIdentificationCodeSequence)
      codes[number] = Structure.Code(items.first)
    }
    var names: [Int: Structure.Name] = [:]
    for (place, roi) in root.items(Tag.structureSetROISequence).prefix(65_535).enumerated() {
      guard let number = roi.integer(Tag.roiNumber), names[number] == nil else { continue }
      names[number] = Structure.Name(
        number: place + 1, label: String((roi.text(Tag.roiName) ?? "").prefix(256)),
        code: codes[number])
    }
    return names
  }

  /// Nil for what encloses nothing by intent: points, open lines, entries never drawn.
  private func structure(
    _ name: Structure.Name, _ region: DICOMItem, on grid: Grid, _ budget: inout Int
  ) throws(DICOMError) -> Structure? {
    let empty = StructureMask(grid: grid)
    func refused(_ reason: String) -> Structure {
      Structure(name: name, mask: empty, problem: reason)
    }
    var contours: [[SIMD3<Double>]] = []
    var drawn = Set<[SIMD3<Double>]>()
    for (place, contour) in region.items(Tag.contourSequence).enumerated() {
      let kind = contour.text(Tag.contourGeometricType) ?? ""
      if ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR"].contains(kind) { continue }
      guard kind.hasPrefix("CLOSED") else {
        return refused("contour \(place + 1) is no closed contour, open line or point")
      }
      if contour.integer(Tag.numberOfContourPoints) == 0 { continue }
      guard let numbers = contour.numbers(Tag.contourData), numbers.count % 3 == 0 else {
        return refused("contour \(place + 1) holds no points of three numbers")
      }
      budget -= numbers.count / 3
      guard budget >= 0 else {
        throw .limit(path: path, reason: "more than \(Self.mostPoints) contour points")
      }
      let points = stride(from: 0, to: numbers.count, by: 3).map {
        SIMD3(numbers[$0], numbers[$0 + 1], numbers[$0 + 2])
      }
      // One that a writer has put down twice is no hole of its own size, unless it says so.
      if kind == "CLOSED_PLANAR", !drawn.insert(points).inserted { continue }
      contours.append(points)
    }
    guard !contours.isEmpty else { return nil }
    do throws(ContourFault) {
      return Structure(name: name, mask: try StructureMask(filling: contours, on: grid))
    } catch {
      return refused(error.reason)
    }
  }
}

extension ContourFault {
  /// The fault in a sentence without its full stop.
  var reason: String {
    switch self {
    case .notFinite: "a contour point lies beyond any patient"
    case .offPlane(let contour, let slices):
      "contour \(contour + 1) leaves its slice by \((slices * 100).rounded() / 100) slices"
    case .tooComplex(let limit): "filling its contours takes more than \(limit) steps"
    case .empty: "its contours enclose no voxel of the volume"
    }
  }
}
