import Imaging

/// Images of one series that may share a volume: same size, type, direction, echo, component.
struct Stack {
  /// What sets stacks of a series apart, in the order in which it names them.
  enum Trait: Int, CaseIterable {
    case seriesNumber, frameOfReference, component, echo, stack, orientation, acquisition
    case timing, imageType, matrix, kernel, study, piece
  }

  /// An image: a plane of a file.
  struct Member {
    private let image: Image
    let plane: DICOMHeader.Plane

    init(_ image: Image, _ plane: DICOMHeader.Plane) { (self.image, self.plane) = (image, plane) }

    var header: DICOMHeader { _read { yield image.header } }
  }

  /// A header that many members refer to: sorting them would copy all of its texts again and again.
  final class Image: Sendable {
    let header: DICOMHeader

    init(_ header: DICOMHeader) { self.header = header }
  }

  var traits: [Trait: String] = [:]
  var members: [Member]

  var paths: [String] { Array(Set(members.map(\.header.path))).sorted() }

  /// Splits the images of a series UID into stacks, in an order set by their traits.
  static func split(_ headers: [DICOMHeader]) -> [Stack] {
    let members = headers.flatMap { header in
      let image = Image(header)
      return header.planes.map { Member(image, $0) }
    }
    let echoes = clusters(members.map { [$0.plane.echoTime ?? -1] }, tolerance: 0.01)
    let spacings = clusters(
      members.map { [$0.plane.spacing.x, $0.plane.spacing.y] }, tolerance: 1e-3)
    let directions = clusters(
      members.map { member in
        [member.plane.right, member.plane.down].flatMap { [$0.x, $0.y, $0.z] }
      }, tolerance: 1e-3)
    let timings = clusters(
      members.map { member in
        let acquisition = member.header.acquisition
        return [acquisition.repetitionTime ?? -1, acquisition.flipAngle ?? -1]
      }, tolerance: 0.01)
    var stacks: [[String]: Stack] = [:]
    for (index, member) in members.enumerated() {
      var traits = exactTraits(member)
      traits[.echo] = String(echoes[index])
      traits[.orientation] = String(directions[index])
      traits[.timing] = String(timings[index])
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
    let tiling = header.tiling ?? .zero
    let kVp = (plane.kVp ?? header.acquisition.kVp).map { "\($0)" } ?? ""
    return [
      .seriesNumber: header.seriesNumber.map(String.init) ?? "",
      .frameOfReference: header.identity.frameOfReferenceUID ?? "",
      .component: plane.component?.rawValue ?? "",
      .stack: plane.stack ?? "",
      .imageType: plane.imageType,
      .matrix: "\(pixels?.rows ?? 0) \(pixels?.columns ?? 0) \(tiling.x) \(tiling.y) "
        + "\(pixels?.type.rawValue ?? "") \(pixels?.photometric ?? "")",
      .kernel: (plane.kernel ?? header.acquisition.kernel ?? "") + " " + kVp,
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
}
