import Imaging

/// A stack that is a volume: where its slices lie, and the members in the order of slices,
/// `lead × depth + z`, of which `blends` makes other slices where they were uneven.
struct StackGeometry {
  var grid: Grid
  var leading: LeadingAxis
  var order: [Stack.Member]
  var blends: [SliceBlend]?
  var flags: [String]
}

extension Stack {
  typealias Solved = (stack: Stack, result: Result<StackGeometry, DICOMError>)

  /// The volumes of this stack, or why it is none. One stack becomes several where slices repeat
  /// irregularly, or in CT, and acquisition numbers tell the repetitions apart, and where slices
  /// are missing and the policy says so.
  func solved(
    policy: DICOMSeries.Policy, seriesUID: String, _ notes: inout [DICOMNote]
  ) -> [Solved] {
    if let reason = leftOut(policy) {
      return [(self, .failure(.slices(seriesUID: seriesUID, reason: reason)))]
    }
    var stack = self
    stack.dropCopies(&notes)
    let counts = Set(stack.levels().map(\.count))
    let repeats = counts.max() ?? 0 > 1
    let isCT = members.first?.header.acquisition.modality == "CT"
    let acquisitions = stack.byAcquisition()
    let isSplit = repeats && acquisitions.count > 1 && (counts.count > 1 || isCT)
    return (isSplit ? acquisitions : [stack])
      .flatMap { policy.missing == .split ? $0.pieces() : [$0] }
      .map { ($0, $0.geometry(policy: policy, seriesUID: seriesUID)) }
  }

  /// rows × columns: slices are counted along it.
  var normal: SIMD3<Double> {
    members.first.map { cross($0.plane.right, $0.plane.down) } ?? .zero
  }

  /// Why the policy leaves out images of this type, if it does.
  private func leftOut(_ policy: DICOMSeries.Policy) -> String? {
    if policy.localizers == .refuse, isLocalizer { return "a localizer, which is left out" }
    if policy.derived == .refuse, isDerived { return "a derived image, which is left out" }
    return nil
  }

  /// Leaves out images that repeat another file's: same place, instance number, time and pixels.
  private mutating func dropCopies(_ notes: inout [DICOMNote]) {
    struct Key: Hashable {
      var position: SIMD3<Double>, index: Int, instance: Int?, time: [Double?], digest: String
    }
    var seen = Set<Key>()
    members = members.filter { member in
      let time = member.plane.time
      let key = Key(
        position: member.plane.position, index: member.plane.index,
        instance: member.header.instanceNumber,
        time: [time.position, time.trigger, time.acquisition], digest: member.header.pixelDigest)
      if seen.insert(key).inserted { return true }
      notes.append(
        DICOMNote(path: member.header.path, text: "a copy with the same pixels and time"))
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
    return Self.inTimeOrder(levels)
  }

  private func byAcquisition() -> [Stack] {
    let groups = Dictionary(grouping: members) { $0.header.acquisitionNumber }
    return groups.keys.sorted { $0 ?? Int.min < $1 ?? Int.min }.map { number in
      var stack = Stack(traits: traits, members: groups[number] ?? [])
      stack.traits[.acquisition] = number.map(String.init) ?? ""
      return stack
    }
  }

  /// The parts between missing slices, from low to high.
  private func pieces() -> [Stack] {
    let levels = levels()
    let spacing = SliceSpacing(heights: heights(levels))
    guard !spacing.breaks.isEmpty else { return [self] }
    let edges = [0] + spacing.breaks + [levels.count]
    return zip(edges, edges.dropFirst()).enumerated().map { number, edge in
      var piece = Stack(traits: traits, members: levels[edge.0..<edge.1].flatMap { $0 })
      piece.traits[.piece] = String(number + 1)
      return piece
    }
  }

  private func heights(_ levels: [[Member]]) -> [Double] {
    levels.map { dot($0[0].plane.position, normal) }
  }

  private func geometry(
    policy: DICOMSeries.Policy, seriesUID: String
  ) -> Result<StackGeometry, DICOMError> {
    do throws(DICOMError) {
      return .success(try checked(levels(), policy: policy, seriesUID: seriesUID))
    } catch {
      return .failure(error)
    }
  }

  private func checked(
    _ levels: [[Member]], policy: DICOMSeries.Policy, seriesUID: String
  ) throws(DICOMError) -> StackGeometry {
    func refuse(_ reason: String) -> DICOMError { .slices(seriesUID: seriesUID, reason: reason) }
    guard let first = levels.first?.first, let pixels = first.header.pixels else {
      throw refuse("no images")
    }
    let times = try checkedTimes(levels, refuse)
    if levels.count == 1, !policy.singleSlices { throw refuse("a single slice") }
    let spacing = SliceSpacing(heights: heights(levels))
    let even = try evened(spacing, levels, policy, refuse)
    var (step, origin) = line(levels)
    if let even {
      (step, origin) = (step * (even.step / dot(step, normal)), first.plane.position)
    }
    let places = even.map { even in
      spacing.heights.map { ($0 - spacing.heights[0]) / even.step }
    }
    try checkLine(levels, step, origin, places, tolerance: spacing.tolerance, refuse)
    let affine = Affine(
      x: first.plane.right * first.plane.spacing.x, y: first.plane.down * first.plane.spacing.y,
      z: step, origin: origin)
    let tiling = first.header.tiling ?? SIMD2(1, 1)
    let depth = even?.blends.count ?? levels.count
    let size = SIMD3(pixels.columns / tiling.x, pixels.rows / tiling.y, depth)
    let (slices, overflow) = levels.count.multipliedReportingOverflow(by: times)
    guard !overflow, affine.isRegular else { throw refuse("the slices do not span a volume") }
    let order = (0..<slices).map { levels[$0 % levels.count][$0 / levels.count] }
    let special = even.map { _ in spacing.isMissing ? ["filled"] : ["resampled"] } ?? []
    return StackGeometry(
      grid: Grid(size: size, affine: affine), leading: times > 1 ? .time(times) : .none,
      order: order, blends: even?.blends,
      flags: flags(affine, first, count: levels.count) + special)
  }
}
