import Imaging

/// A stack that is a volume: where its slices lie, and the members in the order of slices,
/// `lead × depth + z`.
struct StackGeometry {
  var grid: Grid
  var leading: LeadingAxis
  var order: [Stack.Member]
  var flags: [String]
}

extension Stack {
  /// The volumes of this stack, or why it is none. One stack becomes several where slices repeat
  /// irregularly, or in CT, and acquisition numbers tell the repetitions apart.
  func solved(
    policy: DICOMSeries.Policy, seriesUID: String, _ notes: inout [DICOMNote]
  ) -> [(stack: Stack, result: Result<StackGeometry, DICOMError>)] {
    var stack = self
    stack.dropCopies(&notes)
    let levels = stack.levels()
    let counts = Set(levels.map(\.count))
    let repeats = counts.max() ?? 0 > 1
    let isCT = members.first?.header.acquisition.modality == "CT"
    let acquisitions = stack.byAcquisition()
    if repeats, acquisitions.count > 1, counts.count > 1 || isCT {
      return acquisitions.map { one in
        (one, one.geometry(one.levels(), policy: policy, seriesUID: seriesUID))
      }
    }
    return [(stack, stack.geometry(levels, policy: policy, seriesUID: seriesUID))]
  }

  /// rows × columns: slices are counted along it.
  var normal: SIMD3<Double> {
    members.first.map { cross($0.plane.right, $0.plane.down) } ?? .zero
  }

  /// Leaves out images that repeat another file's: same place, instance number, time and pixels.
  private mutating func dropCopies(_ notes: inout [DICOMNote]) {
    struct Key: Hashable {
      var position: SIMD3<Double>, index: Int, instance: Int?, time: [Double?], digest: String
    }
    var seen = Set<Key>()
    members = members.filter { member in
      let (plane, header) = (member.plane, member.header)
      let time = plane.time
      let key = Key(
        position: plane.position, index: plane.index, instance: header.instanceNumber,
        time: [time.position, time.trigger, time.acquisition], digest: header.pixelDigest)
      if seen.insert(key).inserted { return true }
      notes.append(DICOMNote(path: header.path, text: "a copy with the same pixels and time"))
      return false
    }
  }

  /// Images of equal height along the normal, from low to high, each level in time order.
  private func levels() -> [[Member]] {
    let normal = normal
    let sorted = members.map { ($0, dot($0.plane.position, normal)) }.sorted { $0.1 < $1.1 }
    var levels: [[Member]] = []
    var height = -Double.infinity
    for (member, place) in sorted {
      if place - height > 0.01 {
        levels.append([])
        height = place
      }
      levels[levels.count - 1].append(member)
    }
    return levels.map { $0.sorted(by: Member.isEarlier) }
  }

  private func byAcquisition() -> [Stack] {
    let groups = Dictionary(grouping: members) { $0.header.acquisitionNumber }
    return groups.keys.sorted { $0 ?? Int.min < $1 ?? Int.min }.map { number in
      var stack = Stack(traits: traits, members: groups[number] ?? [])
      stack.traits[.acquisition] = number.map(String.init) ?? ""
      return stack
    }
  }

  private func geometry(
    _ levels: [[Member]], policy: DICOMSeries.Policy, seriesUID: String
  ) -> Result<StackGeometry, DICOMError> {
    do throws(DICOMError) {
      return .success(try checked(levels, policy: policy, seriesUID: seriesUID))
    } catch {
      return .failure(error)
    }
  }

  private func checked(
    _ levels: [[Member]], policy: DICOMSeries.Policy, seriesUID: String
  ) throws(DICOMError) -> StackGeometry {
    func refuse(_ reason: String) -> DICOMError { .slices(seriesUID: seriesUID, reason: reason) }
    guard let first = levels.first?.first, let last = levels.last?.first,
      let pixels = first.header.pixels
    else { throw refuse("no images") }
    let times = levels.map(\.count).max() ?? 1
    for (z, level) in levels.enumerated() where level.count != times {
      throw refuse(
        "slice \(z + 1) of \(levels.count) (\(place(level[0]))) occurs \(level.count) times, others "
          + "\(times) times")
    }
    if levels.count == 1, !policy.singleSlices { throw refuse("a single slice") }
    try checkTime(levels, refuse)
    let side = first.header.mosaicSide ?? 1
    var step = normal * fallbackStep(first)
    if levels.count > 1 {
      step = (last.plane.position - first.plane.position) / Double(levels.count - 1)
    }
    try checkSpacing(levels, step: step, refuse)
    let affine = Affine(
      x: first.plane.right * first.plane.spacing.x, y: first.plane.down * first.plane.spacing.y,
      z: step, origin: first.plane.position)
    let size = SIMD3(pixels.columns / side, pixels.rows / side, levels.count)
    let (slices, overflow) = levels.count.multipliedReportingOverflow(by: times)
    guard !overflow, affine.isRegular else { throw refuse("the slices do not span a volume") }
    let order = (0..<slices).map { levels[$0 % levels.count][$0 / levels.count] }
    return StackGeometry(
      grid: Grid(size: size, affine: affine), leading: times > 1 ? .time(times) : .none,
      order: order, flags: flags(affine, first, count: levels.count))
  }

  /// The thickness of a slice that has no neighbour.
  private func fallbackStep(_ member: Member) -> Double {
    let acquisition = member.header.acquisition
    let step = acquisition.spacingBetweenSlices ?? acquisition.sliceThickness ?? 1
    return step > 0 ? step : 1
  }

  /// A time point must carry one temporal position, else slices of two have been mixed.
  private func checkTime(
    _ levels: [[Member]], _ refuse: (String) -> DICOMError
  ) throws(DICOMError) {
    guard let times = levels.first?.map(\.plane.time.position), times.count > 1 else { return }
    for (z, level) in levels.enumerated() where level.map(\.plane.time.position) != times {
      throw refuse(
        "slice \(z + 1) (\(place(level[0]))) has other temporal positions than the first")
    }
  }

  /// Every slice must lie where equal steps from the first put it, within 1 % of a step.
  private func checkSpacing(
    _ levels: [[Member]], step: SIMD3<Double>, _ refuse: (String) -> DICOMError
  ) throws(DICOMError) {
    let heights = levels.map { dot($0[0].plane.position, normal) }
    let gaps = zip(heights.dropFirst(), heights).map { $0 - $1 }
    let typical = gaps.sorted().dropFirst(gaps.count / 2).first ?? 1
    let tolerance = max(0.01, 0.01 * typical)
    for (z, gap) in gaps.enumerated() where abs(gap - typical) > tolerance {
      let kind = gap > 1.5 * typical ? "slices are missing" : "slices are unevenly spaced"
      throw refuse(
        "\(kind) between slice \(z + 1) (\(place(levels[z][0]))) and the next, \(millimetres(gap)) "
          + "apart where \(millimetres(typical)) is usual")
    }
    guard let origin = levels.first?.first?.plane.position else { return }
    for (z, level) in levels.enumerated() {
      let expected = origin + step * Double(z)
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

  private func flags(_ affine: Affine, _ first: Member, count: Int) -> [String] {
    var flags: [String] = []
    let cosine = abs(dot(affine.z / length(affine.z), normal))
    if cosine < 0.999_999_6 {  // 0.05 degrees
      flags.append(first.header.acquisition.modality == "CT" ? "gantry-tilt" : "sheared")
    }
    if count == 1 { flags.append("single-slice") }
    if first.header.mosaicSide != nil { flags.append("mosaic") }
    if first.header.pixels?.frames ?? 1 > 1 { flags.append("multi-frame") }
    if first.header.pixels?.photometric == "MONOCHROME1" { flags.append("monochrome1") }
    return flags
  }
}

extension Stack.Member {
  /// Time order at one place: by temporal position, trigger, acquisition time, instance number,
  /// frame.
  static func isEarlier(_ a: Stack.Member, _ b: Stack.Member) -> Bool {
    func key(_ member: Stack.Member) -> [Double] {
      let time = member.plane.time
      return [
        time.position ?? 0, time.trigger ?? 0, time.acquisition ?? 0,
        Double(member.header.instanceNumber ?? 0), Double(member.plane.index),
      ]
    }
    let (first, second) = (key(a), key(b))
    if first != second { return first.lexicographicallyPrecedes(second) }
    return (a.header.identity.sopInstanceUID ?? "", a.header.path)
      < (b.header.identity.sopInstanceUID ?? "", b.header.path)
  }
}
