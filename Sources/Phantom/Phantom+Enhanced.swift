import DICOM
import Imaging

extension Phantom {
  /// Two points in time in one Enhanced MR file (PS3.3 A.36): what all frames share is said once,
  /// and the frames are mixed, so that only their functional groups tell their order.
  static func writeEnhanced(
    _ recipe: PhantomRecipe, _ identity: PhantomIdentity, to path: String
  ) throws(DICOMError) {
    let grid = recipe.grid(0)
    let times = (0..<2).map { PhantomSeries.enhanced.slices(scan(recipe, patient: $0).volume) }
    let depth = grid.size.z
    let order = (0..<2 * depth).map { $0 * 5 % (2 * depth) }  // 5 and 16 have no common divisor
    let writer = DICOMWriter()
    try describe(writer.root, identity, number: 1)
    try place(writer.root, grid, at: grid.affine.origin)
    try describeEnhanced(writer.root, frames: order.count)
    try shareGroups(writer.root, grid)
    var pixels: [UInt8] = []
    for frame in order {
      let (time, z) = (frame / depth, frame % depth)
      pixels += times[time][z].pixels
      try addFrame(writer.root, at: grid.affine(SIMD3(0, 0, Double(z))), time: time, z: z)
    }
    try writer.putPixels(pixels, bits: 16)
    try writer.write(to: path, transferSyntax: TransferSyntax.explicitLittleEndian)
  }

  private static func describeEnhanced(
    _ item: DICOMWriter.Item, frames: Int
  ) throws(DICOMError) {
    try item.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.4.1")
    try item.put(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\M\\NONE")
    try item.put(0x0028_0008, "IS", "\(frames)")
    for (pointer, group): (UInt32, UInt32) in [
      (0x0020_9056, 0x0020_9111), (0x0020_9057, 0x0020_9111), (0x0020_9128, 0x0020_9111),
    ] {
      let dimension = try item.addItem(0x0020_9222)
      try dimension.put(0x0020_9165, "AT", tag(pointer))
      try dimension.put(0x0020_9167, "AT", tag(group))
    }
  }

  /// An attribute tag as DCMTK reads it.
  private static func tag(_ tag: UInt32) -> String {
    func hex(_ value: UInt32) -> String {
      let digits = String(value, radix: 16)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }
    return "(\(hex(tag >> 16)),\(hex(tag & 0xFFFF)))"
  }

  private static func shareGroups(_ item: DICOMWriter.Item, _ grid: Grid) throws(DICOMError) {
    let (right, down) = (grid.affine.direction[0], grid.affine.direction[1])
    let spacing = grid.affine.spacing
    let shared = try item.addItem(0x5200_9229)
    try shared.addItem(0x0020_9116).put(
      0x0020_0037, decimals: [right.x, right.y, right.z, down.x, down.y, down.z])
    let measures = try shared.addItem(0x0028_9110)
    try measures.put(0x0018_0050, decimals: [spacing.z])
    try measures.put(0x0018_0088, decimals: [spacing.z])
    try measures.put(0x0028_0030, decimals: [spacing.y, spacing.x])
    let values = try shared.addItem(0x0028_9145)
    try values.put(0x0028_1052, "DS", "-10")
    try values.put(0x0028_1053, "DS", "0.5")
    try values.put(0x0028_1054, "LO", "US")
  }

  private static func addFrame(
    _ item: DICOMWriter.Item, at position: SIMD3<Double>, time: Int, z: Int
  ) throws(DICOMError) {
    let frame = try item.addItem(0x5200_9230)
    let content = try frame.addItem(0x0020_9111)
    try content.put(0x0020_9056, "SH", "1")
    try content.put(0x0020_9057, "UL", numbers: [Double(z + 1)])
    try content.put(0x0020_9128, "UL", numbers: [Double(time + 1)])
    try content.put(0x0020_9157, "UL", numbers: [1, Double(z + 1), Double(time + 1)])
    try frame.addItem(0x0020_9113).put(
      0x0020_0032, decimals: [position.x, position.y, position.z])
  }
}
