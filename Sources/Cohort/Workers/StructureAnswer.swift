import DICOM
import Imaging

/// What the parent asks a worker of a label object.
package struct StructureRequest: Codable {
  var path: String
  /// That of the series which the object was drawn on.
  var grid: Grid
  /// Least share of MaximumFractionalValue that is inside.
  var threshold: Double
}

/// What a worker says of it; the bits lie in the shared memory.
enum StructureAnswer: Codable {
  case structures(StructureList)
  case refused(Fault)
}

/// Structures without their bits, which follow one another in the same order: structure by
/// structure, slice by slice.
struct StructureList: Codable {
  struct Item: Codable {
    var name: Structure.Name
    /// Slices that have bits, rising.
    var slices: [Int]
    var problem: String?
  }

  var grid: Grid
  var items: [Item]

  init(_ structures: [Structure], grid: Grid) {
    self.grid = grid
    items = structures.map {
      Item(name: $0.name, slices: $0.mask.slices, problem: $0.problem)
    }
  }

  /// Bytes of all bits, or nil when the list cannot be right.
  func byteCount(limit: Int) -> Int? {
    let sizes = [grid.size.x, grid.size.y, grid.size.z]
    guard sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 17 }), grid.affine.isRegular,
      grid.count <= 1 << 36, items.count <= 65_536, items.allSatisfy({ $0.isPlausible(grid) })
    else { return nil }
    let slices = items.reduce(0) { $0 + $1.slices.count }
    let (bytes, overflow) = slices.multipliedReportingOverflow(by: StructureMask.planeBytes(grid))
    return overflow || bytes > limit ? nil : bytes
  }

  /// The structures with their bits.
  func structures(_ bytes: [UInt8]) -> [Structure] {
    let plane = StructureMask.planeBytes(grid)
    var at = 0
    return items.map { item in
      var mask = StructureMask(grid: grid)
      for slice in item.slices {
        mask.set(slice: slice, bits: Array(bytes[at..<at + plane]))
        at += plane
      }
      return Structure(name: item.name, mask: mask, problem: item.problem)
    }
  }
}

extension StructureList.Item {
  fileprivate func isPlausible(_ grid: Grid) -> Bool {
    let texts =
      [name.label, problem, name.code?.scheme, name.code?.value, name.code?.meaning]
      + [name.code?.modifier]
    let isRising = zip(slices, slices.dropFirst()).allSatisfy { $0 < $1 }
    return (0...65_536).contains(name.number) && texts.allSatisfy { ($0?.utf8.count ?? 0) <= 1024 }
      && isRising && (slices.first ?? 0) >= 0 && (slices.last ?? 0) < grid.size.z
  }
}

extension Structure {
  /// The bits of all structures as they go through the shared memory.
  static func bytes(_ structures: [Structure]) -> [UInt8] {
    structures.flatMap { one in one.mask.slices.flatMap { one.mask.planes[$0] ?? [] } }
  }
}

extension Worker {
  /// Reads the structures of a SEG or an RTSTRUCT that was drawn on a series with this grid.
  func structures(
    _ path: String, on grid: Grid, threshold: Double
  ) throws(Fault) -> (grid: Grid, structures: [Structure]) {
    let request = StructureRequest(path: path, grid: grid, threshold: threshold)
    let answer = try faults { () throws(WorkerFailure) in
      try send(WorkerRequest.structures(request, limits))
      return try receive(StructureAnswer.self)
    }
    switch answer {
    case .refused(let fault): throw fault
    case .structures(let list):
      guard let count = list.byteCount(limit: limits.volumeBytes) else {
        stop()
        throw Fault(.workerNonsense, "structures that cannot be")
      }
      let bytes = try faults { () throws(WorkerFailure) in try takePayload(count) }
      return (list.grid, list.structures(bytes))
    }
  }
}

extension DICOMFile {
  /// The worker's side of ``Worker/structures(_:on:threshold:)``.
  static func structures(
    _ request: StructureRequest, limits: Limits
  ) throws(DICOMError) -> (list: StructureList, bytes: [UInt8]) {
    let file = try DICOMFile(path: request.path, limits: limits)
    let found = try file.structures(on: request.grid, threshold: request.threshold)
    let grid = found.first?.mask.grid ?? request.grid
    return (StructureList(found, grid: grid), Structure.bytes(found))
  }
}

extension LabelObject {
  /// Whether a worker may have said this of a sound file.
  var isPlausible: Bool {
    let lists = [seriesUIDs, instanceUIDs, frameOfReferenceUIDs]
    return lists.allSatisfy { list in
      list.count <= Self.mostUIDs && list.allSatisfy { $0.utf8.count <= 64 }
    } && grid.map { StructureList([], grid: $0).byteCount(limit: 0) == 0 } ?? true
  }
}
