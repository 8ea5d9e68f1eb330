import DICOM
import Imaging

/// Writes segmentations and structure sets as their modules ask, for tests of reading them.
enum LabelObjects {
  static let grid = Grid(
    size: SIMD3(5, 3, 4), affine: Affine(spacing: SIMD3(2, 3, 4), origin: SIMD3(10, -20, 30)))

  /// A frame: which segment, on which slice, its pixels row by row.
  struct Frame {
    var segment: Int?
    var slice: Int
    var values: [Int]
  }

  struct Segmentation {
    var type = "BINARY"
    var bits = 1
    var labels = ["Liver", "Left kidney"]
    var frames: [Frame]
    var grid = LabelObjects.grid
    var sopClass = "1.2.840.10008.5.1.4.1.1.66.4"
    var syntax = "1.2.840.10008.1.2.1"
    var maximum: Int? = nil
    var padding: Int? = nil
    var framesAnnounced: Int? = nil
    var series = "1.2.3.9"
    /// An image that it was drawn on; nil for the first of the series.
    var instance: String? = nil
    var frameOfReference = "1.2.3.5"

    func write(to path: String) throws {
      let writer = DICOMWriter()
      let root = writer.root
      try root.put(0x0008_0016, "UI", sopClass)
      try root.put(0x0008_0018, "UI", "1.2.3.77")
      try root.put(0x0008_0060, "CS", "SEG")
      try root.put(0x0020_000D, "UI", "1.2.3.1")
      try root.put(0x0020_000E, "UI", "1.2.3.78")
      try root.put(0x0020_0052, "UI", frameOfReference)
      let referenced = try root.addItem(0x0008_1115)
      try referenced.put(0x0020_000E, "UI", series)
      try referenced.addItem(0x0008_114A).put(0x0008_1155, "UI", instance ?? "\(series).1")
      try putPixelModule(root)
      try root.put(0x0062_0001, "CS", type)
      if let maximum { try root.put(0x0062_000E, "US", numbers: [Double(maximum)]) }
      for (place, label) in labels.enumerated() {
        let item = try root.addItem(0x0062_0002)
        try item.put(0x0062_0004, "US", numbers: [Double(place + 1)])
        try item.put(0x0062_0005, "LO", label)
        let code = try item.addItem(0x0062_000F)
        try code.put(0x0008_0100, "SH", "10200004")
        try code.put(0x0008_0102, "SH", "SCT")
        try code.put(0x0008_0104, "LO", "Liver")
      }
      try putGroups(root)
      try writer.putPixels(bytes, bits: bits == 16 ? 16 : 8)
      try writer.write(to: path, transferSyntax: syntax)
    }

    private func putPixelModule(_ root: DICOMWriter.Item) throws {
      try root.put(0x0028_0002, "US", numbers: [1])
      try root.put(0x0028_0004, "CS", "MONOCHROME2")
      try root.put(0x0028_0008, "IS", "\(framesAnnounced ?? frames.count)")
      try root.put(0x0028_0010, "US", numbers: [Double(grid.size.y)])
      try root.put(0x0028_0011, "US", numbers: [Double(grid.size.x)])
      try root.put(0x0028_0100, "US", numbers: [Double(bits)])
      try root.put(0x0028_0101, "US", numbers: [Double(bits)])
      try root.put(0x0028_0102, "US", numbers: [Double(bits - 1)])
      try root.put(0x0028_0103, "US", numbers: [0])
      if let padding { try root.put(0x0028_0120, "US", numbers: [Double(padding)]) }
    }

    private func putGroups(_ root: DICOMWriter.Item) throws {
      let affine = grid.affine
      let shared = try root.addItem(0x5200_9229)
      let measures = try shared.addItem(0x0028_9110)
      try measures.put(0x0028_0030, decimals: [affine.spacing.y, affine.spacing.x])
      try measures.put(0x0018_0088, decimals: [affine.spacing.z])
      let (x, y) = (affine.direction[0], affine.direction[1])
      try shared.addItem(0x0020_9116)
        .put(0x0020_0037, decimals: [x.x, x.y, x.z, y.x, y.y, y.z])
      for frame in frames {
        let group = try root.addItem(0x5200_9230)
        let place = affine(SIMD3(0, 0, Double(frame.slice)))
        try group.addItem(0x0020_9113).put(0x0020_0032, decimals: [place.x, place.y, place.z])
        if let segment = frame.segment {
          try group.addItem(0x0062_000A).put(0x0062_000B, "US", numbers: [Double(segment)])
        }
      }
    }

    /// Bits follow one another from frame to frame.
    private var bytes: [UInt8] {
      let values = frames.flatMap(\.values)
      guard bits == 1 else {
        return bits == 8
          ? values.map { UInt8($0) }
          : values.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      }
      var bytes = [UInt8](repeating: 0, count: (values.count + 15) / 16 * 2)
      for (i, value) in values.enumerated() where value != 0 { bytes[i / 8] |= 1 << UInt8(i % 8) }
      return bytes
    }
  }

  struct Region {
    var name: String
    var kind = "CLOSED_PLANAR"
    /// Polygons in patient millimetres, as decimal texts of x, y, z one after another.
    var contours: [String]
    /// Specific Character Set of its own items.
    var sets: String? = nil
    /// Code Meaning of its kind, an item further in.
    var meaning: String? = nil
    /// Number of Contour Points, where it is said.
    var points: Int? = nil
  }

  static func writeStructureSet(
    _ regions: [Region], sets: String? = nil, to path: String
  ) throws {
    let writer = DICOMWriter()
    let root = writer.root
    try root.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.481.3")
    try root.put(0x0008_0018, "UI", "1.2.3.88")
    if let sets { try root.put(0x0008_0005, "CS", sets) }
    try root.put(0x0008_0060, "CS", "RTSTRUCT")
    try root.put(0x0020_000D, "UI", "1.2.3.1")
    try root.put(0x0020_000E, "UI", "1.2.3.89")
    let frame = try root.addItem(0x3006_0010)
    try frame.put(0x0020_0052, "UI", "1.2.3.5")
    let series = try frame.addItem(0x3006_0012).addItem(0x3006_0014)
    try series.put(0x0020_000E, "UI", "1.2.3.9")
    try series.addItem(0x3006_0016).put(0x0008_1155, "UI", "1.2.3.9.2")
    for (place, region) in regions.enumerated() {
      let roi = try root.addItem(0x3006_0020)
      try roi.put(0x3006_0022, "IS", "\(place + 40)")
      try roi.put(0x3006_0026, "LO", region.name)
      if let sets = region.sets { try roi.put(0x0008_0005, "CS", sets) }
      try putKind(of: region, number: place + 40, root)
      let contours = try root.addItem(0x3006_0039)
      try contours.put(0x3006_0084, "IS", "\(place + 40)")
      for data in region.contours {
        let contour = try contours.addItem(0x3006_0040)
        try contour.put(0x3006_0042, "CS", region.kind)
        if let points = region.points { try contour.put(0x3006_0046, "IS", "\(points)") }
        try contour.put(0x3006_0050, "DS", data)
      }
    }
    try writer.write(to: path, transferSyntax: "1.2.840.10008.1.2.1")
  }

  private static func putKind(
    of region: Region, number: Int, _ root: DICOMWriter.Item
  ) throws {
    guard let meaning = region.meaning else { return }
    let observation = try root.addItem(0x3006_0080)
    try observation.put(0x3006_0084, "IS", "\(number)")
    if let sets = region.sets { try observation.put(0x0008_0005, "CS", sets) }
    let code = try observation.addItem(0x3006_0086)
    try code.put(0x0008_0100, "SH", "10200004")
    try code.put(0x0008_0102, "SH", "SCT")
    try code.put(0x0008_0104, "LO", meaning)
  }

  /// A rectangle from corner to corner of a slice, in voxels.
  static func rectangle(_ low: (Double, Double), _ high: (Double, Double), z: Double) -> String {
    let corners = [low, (high.0, low.1), high, (low.0, high.1)]
    return corners.map { corner in
      let place = grid.affine(SIMD3(corner.0, corner.1, z))
      return "\(place.x)\\\(place.y)\\\(place.z)"
    }.joined(separator: "\\")
  }
}
