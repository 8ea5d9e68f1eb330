import Imaging

/// Images of one series that may share a volume: same size, type, direction, echo, component.
struct Stack {
  /// What sets stacks of a series apart, in the order in which it names them.
  enum Trait: Int, CaseIterable {
    case seriesNumber, frameOfReference, component, echo, stack, orientation, acquisition
    case timing, imageType, matrix, kernel, study, piece
  }

  /// A header that is referred to: sorting headers would copy all of their texts again and again.
  final class File: Sendable {
    let header: DICOMHeader

    init(_ header: DICOMHeader) { self.header = header }
  }

  /// An image: a plane of a file, referred to as well.
  final class Member: Sendable {
    private let file: File
    let plane: DICOMHeader.Plane

    init(_ file: File, _ plane: DICOMHeader.Plane) { (self.file, self.plane) = (file, plane) }

    var header: DICOMHeader { _read { yield file.header } }
  }

  var traits: [Trait: String] = [:]
  var members: [Member]

  var paths: [String] { Array(Set(members.map(\.header.path))).sorted() }

  /// Splits the images of a series UID into stacks, in an order set by their traits.
  static func split(_ files: [File]) -> [Stack] {
    let members = files.flatMap { file in file.header.planes.map { Member(file, $0) } }
    let echoes = clusters(members.map { [$0.plane.echoTime ?? -1] }, tolerance: 0.01)
    let spacings = clusters(
      members.map { [$0.plane.spacing.x, $0.plane.spacing.y] }, tolerance: 1e-3)
    let directions = clusters(
      members.map { member in
        [member.plane.right, member.plane.down].flatMap { [$0.x, $0.y, $0.z] }
      }, tolerance: 1e-3)
    let timings = clusters(
      members.map { member in
        [
          member.header.acquisition.repetitionTime ?? -1, member.header.acquisition.flipAngle ?? -1,
        ]
      }, tolerance: 0.01)
    let isFramed = !haveFramesOfTheirOwn(files)
    var stacks: [[String]: Stack] = [:]
    for (index, member) in members.enumerated() {
      var traits = exactTraits(member.header, member.plane)
      if !isFramed { traits[.frameOfReference] = "" }
      traits[.echo] = String(echoes[index])
      traits[.orientation] = String(directions[index])
      traits[.timing] = String(timings[index])
      traits[.matrix, default: ""] += " \(spacings[index])"
      let key = Trait.allCases.map { traits[$0] ?? "" }
      stacks[key, default: Stack(traits: traits, members: [])].members.append(member)
    }
    return stacks.keys.sorted { $0.lexicographicallyPrecedes($1) }.compactMap { stacks[$0] }
  }

  /// Whether every slice of a series has another Frame of Reference UID, as some de-identifiers
  /// leave them: a series has only one (PS3.3 A.1.2.3), so that they tell nothing apart.
  private static func haveFramesOfTheirOwn(_ files: [File]) -> Bool {
    guard files.count > 2, files.allSatisfy({ $0.header.planes.count == 1 }) else { return false }
    let frames = Set(files.compactMap(\.header.identity.frameOfReferenceUID))
    return frames.count == files.count
  }

  /// Traits that are words or whole numbers and must be equal.
  private static func exactTraits(
    _ header: DICOMHeader, _ plane: DICOMHeader.Plane
  ) -> [Trait: String] {
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
