import Imaging

extension Stack {
  /// How often every slice occurs.
  ///
  /// Throws where slices occur differently often, and where one has other temporal positions than
  /// the rest: slices of two time points would be mixed.
  func checkedTimes(
    _ levels: [[Member]], _ refuse: (String) -> DICOMError
  ) throws(DICOMError) -> Int {
    let counts = Dictionary(grouping: levels.map(\.count)) { $0 }.mapValues(\.count)
    let times = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 1
    for (z, level) in levels.enumerated() where level.count != times {
      throw refuse(
        "slice \(z + 1) of \(levels.count) (\(place(level[0]))) occurs \(level.count) times, others "
          + "\(times) times")
    }
    guard times > 1, let first = levels.first?.map(\.plane.time.position) else { return times }
    for (z, level) in levels.enumerated() where level.map(\.plane.time.position) != first {
      throw refuse(
        "slice \(z + 1) (\(place(level[0]))) has other temporal positions than the first")
    }
    return times
  }

  /// Even slices where the stack's own are not, if the policy asks for them; nil for even ones.
  func evened(
    _ spacing: SliceSpacing, _ levels: [[Member]], _ policy: DICOMSeries.Policy,
    _ refuse: (String) -> DICOMError
  ) throws(DICOMError) -> (step: Double, blends: [SliceBlend])? {
    guard let z = spacing.flaw else { return nil }
    let isMissing = spacing.isMissing
    let isWanted = isMissing ? policy.missing == .fill : policy.uneven == .resample
    guard isWanted else {
      let gap = spacing.gaps[z]
      let kind =
        gap > 1.5 * spacing.typical ? "slices are missing" : "slices are unevenly spaced"
      throw refuse(
        "\(kind) between slice \(z + 1) (\(place(levels[z][0]))) and the next, \(millimetres(gap)) "
          + "apart where \(millimetres(spacing.typical)) is usual")
    }
    let even = spacing.evened()
    return (even.step, try blends(even.blends, of: levels, refuse))
  }

  /// Blends of stored values, each slice of which may have a slope of its own, as those of PET.
  private func blends(
    _ even: [SliceBlend], of levels: [[Member]], _ refuse: (String) -> DICOMError
  ) throws(DICOMError) -> [SliceBlend] {
    let planes = levels.flatMap { $0.map(\.plane) }
    let slopes = planes.map(\.slope)
    if Set(slopes).count == 1, Set(planes.map(\.intercept)).count == 1 { return even }
    guard planes.count == levels.count, planes.allSatisfy({ $0.slope > 0 && $0.intercept == 0 })
    else {
      throw refuse(
        "uneven slices that differ in slope can be interpolated only at one time and without an "
          + "intercept")
    }
    return even.map { $0.among(slopes) }
  }

  /// Every slice must lie where equal steps from the first put it, or at its place among uneven
  /// ones, counted in steps.
  func checkLine(
    _ levels: [[Member]], _ step: SIMD3<Double>, _ origin: SIMD3<Double>, _ places: [Double]?,
    tolerance: Double, _ refuse: (String) -> DICOMError
  ) throws(DICOMError) {
    for (z, level) in levels.enumerated() {
      let expected = origin + step * (places?[z] ?? Double(z))
      for member in level where length(member.plane.position - expected) > 2 * tolerance {
        throw refuse("slice \(z + 1) (\(place(member))) does not lie on the line of the others")
      }
    }
  }

  private func place(_ member: Member) -> String {
    "at " + millimetres(dot(member.plane.position, normal)) + " along the normal"
  }

  private func millimetres(_ value: Double) -> String {
    "\((value * 100).rounded() / 100) mm"
  }

  /// What a user should know of a volume.
  func flags(_ affine: Affine, _ first: Member, count: Int) -> [String] {
    var flags: [String] = []
    let cosine = abs(dot(affine.z / length(affine.z), normal))
    if cosine < 0.999_999_6 {  // 0.05 degrees
      flags.append(first.header.acquisition.modality == "CT" ? "gantry-tilt" : "sheared")
    }
    if count == 1 { flags.append("single-slice") }
    if first.header.tiling != nil { flags.append("mosaic") }
    if first.header.pixels?.frames ?? 1 > 1 { flags.append("multi-frame") }
    if first.header.pixels?.photometric == "MONOCHROME1" { flags.append("monochrome1") }
    if isLocalizer { flags.append("localizer") }
    if isDerived { flags.append("derived") }
    return flags
  }

  /// Image Type says that the image plans others: a scout, topogram or localizer.
  var isLocalizer: Bool {
    !["LOCALIZER", "SCOUT", "TOPOGRAM"].allSatisfy { !imageType.contains($0) }
  }

  /// Image Type says that the image was computed from others, or captured: reformats, projections,
  /// parameter maps.
  var isDerived: Bool {
    imageType.first == "DERIVED" || imageType.dropFirst().first == "SECONDARY"
      || imageType.contains { $0 == "MPR" || $0 == "ISOTROPIC" || $0.hasPrefix("MIP") }
  }

  private var imageType: [Substring] {
    members.first?.plane.imageType.split(separator: "\\", omittingEmptySubsequences: false) ?? []
  }
}
