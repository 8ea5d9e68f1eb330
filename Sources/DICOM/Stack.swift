import Imaging

/// Images of one series that may share a volume: same size, type, direction, echo, component.
struct Stack {
  /// What sets stacks of a series apart, in the order in which it names them.
  enum Trait: Int, CaseIterable {
    case seriesNumber, frameOfReference, component, echo, stack, orientation, acquisition
    case imageType, matrix, kernel, study
  }

  /// An image: a plane of a file.
  struct Member {
    var header: DICOMHeader
    var plane: DICOMHeader.Plane
  }

  var traits: [Trait: String] = [:]
  var members: [Member]

  var paths: [String] { Array(Set(members.map(\.header.path))).sorted() }

  /// Splits the images of a series UID into stacks, in an order set by their traits.
  static func split(_ headers: [DICOMHeader]) -> [Stack] {
    let members = headers.flatMap { header in
      header.planes.map { Member(header: header, plane: $0) }
    }
    let echoes = clusters(members.map { [$0.plane.echoTime ?? -1] }, tolerance: 0.01)
    let spacings = clusters(
      members.map { [$0.plane.spacing.x, $0.plane.spacing.y] }, tolerance: 1e-3)
    let directions = clusters(
      members.map { member in
        [member.plane.right, member.plane.down].flatMap { [$0.x, $0.y, $0.z] }
      }, tolerance: 1e-3)
    var stacks: [[String]: Stack] = [:]
    for (index, member) in members.enumerated() {
      var traits = exactTraits(member)
      traits[.echo] = String(echoes[index])
      traits[.orientation] = String(directions[index])
      traits[.matrix, default: ""] += " \(spacings[index])"
      let key = Trait.allCases.map { traits[$0] ?? "" }
      stacks[key, default: Stack(traits: traits, members: [])].members.append(member)
    }
    return stacks.keys.sorted { $0.lexicographicallyPrecedes($1) }.compactMap { stacks[$0] }
  }

  /// Traits that are words or whole numbers and must be equal.
  private static func exactTraits(_ member: Member) -> [Trait: String] {
    let (header, plane) = (member.header, member.plane)
    let pixels = header.pixels
    let side = header.mosaicSide ?? 0
    return [
      .seriesNumber: header.seriesNumber.map(String.init) ?? "",
      .frameOfReference: header.identity.frameOfReferenceUID ?? "",
      .component: plane.component?.rawValue ?? "",
      .stack: plane.stack ?? "",
      .imageType: plane.imageType,
      .matrix: "\(pixels?.rows ?? 0) \(pixels?.columns ?? 0) \(side) "
        + "\(pixels?.type.rawValue ?? "") \(pixels?.photometric ?? "")",
      .kernel: header.acquisition.kernel ?? "",
      .study: (header.identity.studyInstanceUID ?? "") + " " + header.acquisition.modality,
    ]
  }

  /// How many clusters are looked through; a thousand directions in one series are no stack.
  private static let searched = 1_000

  /// Numbers the points so that points nearer than `tolerance` (largest difference of a
  /// coordinate) to a cluster's first one share a number; numbers follow the points' values.
  static func clusters(_ points: [[Double]], tolerance: Double) -> [Int] {
    var first: [[Double]] = []
    var labels: [Int] = []
    for point in points {
      let near = first.prefix(searched).firstIndex { other in
        zip(point, other).allSatisfy { abs($0 - $1) <= tolerance }
      }
      labels.append(near ?? first.count)
      if near == nil { first.append(point) }
    }
    let order = first.indices.sorted { first[$0].lexicographicallyPrecedes(first[$1]) }
    var rank = [Int](repeating: 0, count: first.count)
    for (place, label) in order.enumerated() { rank[label] = place }
    return labels.map { rank[$0] }
  }

  /// A name for each stack of a series, from as few traits as tell them all apart.
  static func parts(_ stacks: [Stack]) -> [String] {
    var names = [[String]](repeating: [], count: stacks.count)
    for trait in Trait.allCases where Set(names).count < stacks.count {
      let values = stacks.map { $0.traits[trait] ?? "" }
      let before = Set(names).count
      guard Set(zip(names, values).map { $0 + [$1] }).count > before else { continue }
      let ranks = Set(values).sorted { ($0.count, $0) < ($1.count, $1) }
      for index in stacks.indices {
        let rank = (ranks.firstIndex(of: values[index]) ?? 0) + 1
        names[index].append(name(trait, values[index], rank: rank))
      }
    }
    if Set(names).count < stacks.count {
      for index in stacks.indices { names[index].append("n\(index + 1)") }
    }
    return names.map { $0.joined(separator: "-") }
  }

  private static func name(_ trait: Trait, _ value: String, rank: Int) -> String {
    switch trait {
    case .seriesNumber: "s" + (value.isEmpty ? "0" : value)
    case .component: value.isEmpty ? "plain" : value
    case .echo: "e\(rank)"
    case .acquisition: "a" + (value.isEmpty ? "0" : value)
    case .orientation: "o\(rank)"
    case .stack: "t\(rank)"
    case .imageType: "i\(rank)"
    case .matrix: "m\(rank)"
    case .kernel: "k\(rank)"
    case .frameOfReference: "f\(rank)"
    case .study: "y\(rank)"
    }
  }
}
