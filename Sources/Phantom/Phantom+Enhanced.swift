import DICOM
import Imaging

/// An enhanced object: what its class calls itself, and how its frames become real values.
enum EnhancedObject {
  case mr, ct, pet, xa
  /// CT whose frames differ in tube voltage and kernel.
  case energies

  /// Enhanced MR, CT and PET Image Storage, X-Ray 3D Angiographic Image Storage.
  var sopClass: String {
    switch self {
    case .mr: "1.2.840.10008.5.1.4.1.1.4.1"
    case .ct, .energies: "1.2.840.10008.5.1.4.1.1.2.1"
    case .pet: "1.2.840.10008.5.1.4.1.1.130"
    case .xa: "1.2.840.10008.5.1.4.1.1.13.1.1"
    }
  }

  var modality: String {
    switch self {
    case .mr: "MR"
    case .ct, .energies: "CT"
    case .pet: "PT"
    case .xa: "XA"
    }
  }

  /// MR, CT, PET and X-Ray 3D Frame Type Sequence.
  var frameTypes: UInt32 {
    switch self {
    case .mr: 0x0018_9226
    case .ct, .energies: 0x0018_9329
    case .pet: 0x0018_9751
    case .xa: 0x0018_9504
    }
  }

  var imageType: String {
    self == .mr ? "ORIGINAL\\PRIMARY\\M\\NONE" : "ORIGINAL\\PRIMARY\\VOLUME\\NONE"
  }

  /// Slope, intercept and type of a frame: PET's are each frame's own.
  func rescale(_ z: Int) -> (slope: Double, intercept: Double, type: String)? {
    switch self {
    case .mr: (0.5, -10, "US")
    case .ct, .energies: (1, -1024, "HU")
    case .pet: (0.5 + 0.25 * Double(z), 0, "BQML")
    case .xa: nil
    }
  }
}

extension Phantom {
  /// Multi-frame files (PS3.3 A.36, A.38, A.53, A.56): what all frames share is said once, and the
  /// frames are mixed, so that only their functional groups tell their order.
  static func writeEnhanced(
    _ kind: PhantomSeries, _ recipe: PhantomRecipe, _ identity: PhantomIdentity,
    into folder: String
  ) throws(DICOMError) {
    let times = Array(0..<(kind == .enhancedEnergies ? 2 : kind.times))
    for (place, part) in (kind == .enhancedFiles ? times.map { [$0] } : [times]).enumerated() {
      try writeEnhanced(
        kind.object, recipe, identity, times: part, number: place + 1,
        to: folder + "/IM000\(place + 1).dcm")
    }
  }

  private static func writeEnhanced(
    _ object: EnhancedObject, _ recipe: PhantomRecipe, _ identity: PhantomIdentity, times: [Int],
    number: Int, to path: String
  ) throws(DICOMError) {
    let grid = recipe.grid(0)
    let slices = times.map { PhantomSeries.enhanced.slices(scan(recipe, patient: $0).volume) }
    let (depth, count) = (grid.size.z, times.count * grid.size.z)
    let order = (0..<count).map { $0 * 5 % count }  // 5 has no divisor in common with 8 and 16
    let writer = DICOMWriter()
    try describe(writer.root, identity, number: number)
    try placePixels(writer.root, grid)
    try describe(writer.root, object, frames: count)
    try shareGroups(writer.root, object, grid)
    var pixels: [UInt8] = []
    for frame in order {
      let (time, z) = (frame / depth, frame % depth)
      pixels += slices[time][z].pixels
      try addFrame(
        writer.root, object, at: grid.affine(SIMD3(0, 0, Double(z))), time: times[time], z: z)
    }
    try writer.putPixels(pixels, bits: 16)
    try writer.write(to: path, transferSyntax: TransferSyntax.explicitLittleEndian)
  }

  private static func describe(
    _ item: DICOMWriter.Item, _ object: EnhancedObject, frames: Int
  ) throws(DICOMError) {
    try item.put(0x0008_0016, "UI", object.sopClass)
    try item.put(0x0008_0008, "CS", object.imageType)
    try item.put(0x0008_0060, "CS", object.modality)
    try item.put(0x0028_0008, "IS", "\(frames)")
    try item.put(0x0028_0301, "CS", "NO")
    if object != .mr { try forgetMR(item) }
    for (pointer, group): (UInt32, UInt32) in [
      (0x0020_9056, 0x0020_9111), (0x0020_9057, 0x0020_9111), (0x0020_9128, 0x0020_9111),
    ] {
      let dimension = try item.addItem(0x0020_9222)
      try dimension.put(0x0020_9165, "AT", tag(pointer))
      try dimension.put(0x0020_9167, "AT", tag(group))
    }
  }

  /// Empties what only MR has.
  private static func forgetMR(_ item: DICOMWriter.Item) throws(DICOMError) {
    for (tag, vr): (UInt32, String) in [
      (0x20, "CS"), (0x21, "CS"), (0x23, "CS"), (0x80, "DS"), (0x81, "DS"), (0x87, "DS"),
      (0x91, "IS"), (0x1314, "DS"),
    ] { try item.put(0x0018_0000 | tag, vr, "") }
  }

  /// An attribute tag as DCMTK reads it.
  private static func tag(_ tag: UInt32) -> String {
    func hex(_ value: UInt32) -> String {
      let digits = String(value, radix: 16)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }
    return "(\(hex(tag >> 16)),\(hex(tag & 0xFFFF)))"
  }

  private static func shareGroups(
    _ item: DICOMWriter.Item, _ object: EnhancedObject, _ grid: Grid
  ) throws(DICOMError) {
    let (right, down) = (grid.affine.direction[0], grid.affine.direction[1])
    let spacing = grid.affine.spacing
    let shared = try item.addItem(0x5200_9229)
    try shared.addItem(0x0020_9116).put(
      0x0020_0037, decimals: [right.x, right.y, right.z, down.x, down.y, down.z])
    let measures = try shared.addItem(0x0028_9110)
    try measures.put(0x0018_0050, decimals: [spacing.z])
    try measures.put(0x0018_0088, decimals: [spacing.z])
    try measures.put(0x0028_0030, decimals: [spacing.y, spacing.x])
    if object == .ct { try addBeam(shared, kVp: "120", kernel: "B30f") }
    if object != .pet { try addRescale(shared, object, z: 0) }
  }

  private static func addBeam(
    _ groups: DICOMWriter.Item, kVp: String, kernel: String
  ) throws(DICOMError) {
    try groups.addItem(0x0018_9325).put(0x0018_0060, "DS", kVp)
    try groups.addItem(0x0018_9314).put(0x0018_1210, "SH", kernel)
  }

  private static func addRescale(
    _ groups: DICOMWriter.Item, _ object: EnhancedObject, z: Int
  ) throws(DICOMError) {
    guard let (slope, intercept, type) = object.rescale(z) else { return }
    let values = try groups.addItem(0x0028_9145)
    try values.put(0x0028_1052, decimals: [intercept])
    try values.put(0x0028_1053, decimals: [slope])
    try values.put(0x0028_1054, "LO", type)
  }

  private static func addFrame(
    _ item: DICOMWriter.Item, _ object: EnhancedObject, at position: SIMD3<Double>, time: Int,
    z: Int
  ) throws(DICOMError) {
    let frame = try item.addItem(0x5200_9230)
    let content = try frame.addItem(0x0020_9111)
    try content.put(0x0020_9056, "SH", "1")
    try content.put(0x0020_9057, "UL", numbers: [Double(z + 1)])
    try content.put(0x0020_9128, "UL", numbers: [Double(time + 1)])
    try content.put(0x0020_9157, "UL", numbers: [1, Double(z + 1), Double(time + 1)])
    try frame.addItem(0x0020_9113).put(
      0x0020_0032, decimals: [position.x, position.y, position.z])
    if object != .mr {
      try frame.addItem(object.frameTypes).put(0x0008_9007, "CS", object.imageType)
    }
    if object == .pet { try addRescale(frame, object, z: z) }
    if object == .energies {
      try addBeam(frame, kVp: time == 0 ? "80" : "140", kernel: time == 0 ? "B30f" : "B60f")
    }
  }
}
